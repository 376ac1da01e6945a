import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import { type Clock } from '@latchkey/kernel';
import { Answers, IdempotencyKey, pageOf, Refuses, shownQuery, zodBody, type Page } from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import { ChangeKeyHandler, type ChangeKeyRequest } from '../../application/change-key.handler';
import { CreateKeyHandler } from '../../application/create-key.handler';
import type { Issuance } from '../../application/issuance';
import { ReadKeysQuery } from '../../application/read-keys.query';
import type { CreateKeyRequest } from '../../application/requested-key';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { RotateKeyHandler, type RotateKeyRequest } from '../../application/rotate-key.handler';
import { CurrentCaller } from '../current-caller';
import { changeKeyBody, createKeyBody, rotateKeyBody } from '../key-bodies';
import { KeyListRequests } from '../key-lists/key-list-requests';
import { GRANT_REFUSALS, STANDING_REFUSALS } from '../refusals';
import { shownOnce } from '../shown-once';
import { CLOCK } from '../tokens';
import { filterOf, keyListing } from './key-list-query';
import { issuedKeySchema, keyRecord, keyRecordSchema, type IssuedKeyRecord, type KeyRecord } from './key-record';

const READ: Requirement = { scopes: ['apikeys:read'], credentials: ['api_key', 'session', 'client'] };
const WRITE: Requirement = { scopes: ['apikeys:write'], credentials: ['api_key', 'session', 'client'] };

/** Z Shield's routes (S3), and our own. */
@Controller('api/v1/api-keys')
export class CanonicalKeysController {
  constructor(
    private readonly createKey: CreateKeyHandler,
    private readonly changeKey: ChangeKeyHandler,
    private readonly rotateKey: RotateKeyHandler,
    private readonly revokeKey: RevokeKeyHandler,
    private readonly keys: ReadKeysQuery,
    private readonly requests: KeyListRequests,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  @Answers(issuedKeySchema)
  @Refuses(...GRANT_REFUSALS, 'key.secret_already_issued')
  async create(
    @Body(zodBody(createKeyBody)) request: CreateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<IssuedKeyRecord> {
    return this.issued(await this.createKey.execute(request, caller, idempotencyKey));
  }

  @Get()
  @Requires(READ)
  @Answers(pageOf(keyRecordSchema))
  @Refuses('request.invalid_cursor', 'key.unknown_scope')
  async list(
    @Query(shownQuery(keyListing.query)) sent: unknown,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<KeyRecord>> {
    const asked = this.requests.read(keyListing, caller.workspaceId, sent);
    const { query, order, position } = asked;
    const now = this.clock.now();
    const wanted = { filter: filterOf(query, now), liveOnly: false };
    const { keys, next } = await this.keys.after(caller, wanted, order, position, query.limit);
    return {
      items: keys.map((key) => keyRecord(key, now)),
      next_cursor: next && this.requests.write(keyListing, caller.workspaceId, asked, next),
    };
  }

  @Get(':id')
  @Requires(READ)
  @Answers(keyRecordSchema)
  @Refuses('key.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<KeyRecord> {
    return keyRecord(await this.keys.one(caller, id), this.clock.now());
  }

  @Patch(':id')
  @Requires(WRITE)
  @Answers(keyRecordSchema)
  @Refuses(...GRANT_REFUSALS, ...STANDING_REFUSALS)
  async change(
    @Param('id') id: string,
    @Body(zodBody(changeKeyBody)) request: ChangeKeyRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<KeyRecord> {
    const key = await this.changeKey.execute(id, request, caller);
    return keyRecord(key, this.clock.now());
  }

  @Post(':id/rotate')
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  @Answers(issuedKeySchema)
  @Refuses(...GRANT_REFUSALS, ...STANDING_REFUSALS, 'key.secret_already_issued')
  async rotate(
    @Param('id') id: string,
    @Body(zodBody(rotateKeyBody)) request: RotateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<IssuedKeyRecord> {
    return this.issued(await this.rotateKey.execute(id, request, caller, idempotencyKey));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  @Refuses('key.not_found', 'key.last_admin')
  async revoke(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.revokeKey.execute(id, caller);
  }

  private issued(issuance: Issuance): IssuedKeyRecord {
    const { key, secret, lastUsedAt } = shownOnce(issuance, ({ keyId }) => keyId);
    return { ...keyRecord({ ...key, lastUsedAt }, this.clock.now()), key: secret.reveal() };
  }
}
