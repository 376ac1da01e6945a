import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires, type Requirement } from '@latchkey/guard';
import { workspaceId, type Clock, type RequestId } from '@latchkey/kernel';
import { CurrentRequestId, pageQuery, zodBody, zodQuery, type Page, type PageQuery } from '@latchkey/platform';
import { ChangeKeyHandler, type ChangeKeyRequest } from '../../application/change-key.handler';
import { CreateKeyHandler, type CreateKeyRequest } from '../../application/create-key.handler';
import type { Issuance } from '../../application/issue-once';
import { ReadKeysQuery } from '../../application/read-keys.query';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { RotateKeyHandler } from '../../application/rotate-key.handler';
import { callerOf } from '../caller-of';
import { IdempotencyKey } from '../idempotency-key';
import { changeKeyBody, createKeyBody, rotateKeyBody, type RotateKeyBody } from '../key-bodies';
import { shownOnce } from '../shown-once';
import { CLOCK } from '../tokens';
import { KeyCursors } from './key-cursors';
import { keyRecord, type KeyRecord } from './key-record';

const READ: Requirement = { scopes: ['apikeys:read'], credentials: ['api_key', 'session'] };
const WRITE: Requirement = { scopes: ['apikeys:write'], credentials: ['api_key', 'session'] };

/** A record with its secret, which is shown this once. */
type IssuedKeyRecord = KeyRecord & { readonly key: string };

/** Z Shield's routes (S3), and our own. */
@Controller('api/v1/api-keys')
export class CanonicalKeysController {
  constructor(
    private readonly createKey: CreateKeyHandler,
    private readonly changeKey: ChangeKeyHandler,
    private readonly rotateKey: RotateKeyHandler,
    private readonly revokeKey: RevokeKeyHandler,
    private readonly keys: ReadKeysQuery,
    private readonly cursors: KeyCursors,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  async create(
    @Body(zodBody(createKeyBody)) request: CreateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<IssuedKeyRecord> {
    return this.issued(await this.createKey.execute(request, callerOf(principal, requestId), idempotencyKey));
  }

  @Get()
  @Requires(READ)
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<Page<KeyRecord>> {
    const workspace = workspaceId(principal.workspace_id);
    const position = cursor === undefined ? null : this.cursors.read(workspace, cursor);
    const { keys, next } = await this.keys.after(callerOf(principal, requestId), position, limit);
    const now = this.clock.now();
    return {
      items: keys.map((key) => keyRecord(key, now)),
      next_cursor: next && this.cursors.write(workspace, next),
    };
  }

  @Get(':id')
  @Requires(READ)
  async get(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<KeyRecord> {
    return keyRecord(await this.keys.one(callerOf(principal, requestId), id), this.clock.now());
  }

  @Patch(':id')
  @Requires(WRITE)
  async change(
    @Param('id') id: string,
    @Body(zodBody(changeKeyBody)) request: ChangeKeyRequest,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<KeyRecord> {
    const key = await this.changeKey.execute(id, request, callerOf(principal, requestId));
    return keyRecord(key, this.clock.now());
  }

  @Post(':id/rotate')
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  async rotate(
    @Param('id') id: string,
    @Body(zodBody(rotateKeyBody)) body: RotateKeyBody,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<IssuedKeyRecord> {
    const caller = callerOf(principal, requestId);
    return this.issued(await this.rotateKey.execute(id, body.grace_period_hours, caller, idempotencyKey));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  async revoke(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<void> {
    await this.revokeKey.execute(id, callerOf(principal, requestId));
  }

  private issued(issuance: Issuance): IssuedKeyRecord {
    const { key, secret, lastUsedAt } = shownOnce(issuance, ({ keyId }) => keyId);
    return { ...keyRecord({ ...key, lastUsedAt }, this.clock.now()), key: secret.reveal() };
  }
}
