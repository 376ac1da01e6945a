import { Body, Controller, Delete, Get, Header, Param, Post, Put, Query } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import { IdempotencyKey, zodBody, zodQuery } from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import { ChangeKeyHandler, type ChangeKeyRequest } from '../../application/change-key.handler';
import { CreateKeyHandler } from '../../application/create-key.handler';
import { ReadKeysQuery } from '../../application/read-keys.query';
import type { CreateKeyRequest } from '../../application/requested-key';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { CurrentCaller } from '../current-caller';
import { changeKeyBody } from '../key-bodies';
import { shownOnce } from '../shown-once';
import { createKeyForm } from './create-key-form';
import { s4eIssuedKey, s4eKey, s4eKeyDetails, type S4eIssuedKey, type S4eKey, type S4eKeyDetails } from './key-record';
import { listQuery, type ListQuery } from './list-query';

/** Everywhere on this surface a session's token may also be in the query (S2-06). */
const TAKES: Pick<Requirement, 'credentials' | 'forms'> = {
  credentials: ['api_key', 'session', 'client'],
  forms: ['bearer', 'x-api-key', 'cookie', 'query'],
};
const READ: Requirement = { scopes: ['apikeys:read'], ...TAKES };
const WRITE: Requirement = { scopes: ['apikeys:write'], ...TAKES };

interface Data<Value> {
  readonly data: Value;
}

interface NumberedPage extends Data<readonly S4eKey[]> {
  readonly meta: { readonly total: number; readonly page: number; readonly per_page: number };
}

/** The routes of S0. They show keys that are not revoked, by their short ids. */
@Controller('api/keys')
export class S4eKeysController {
  constructor(
    private readonly createKey: CreateKeyHandler,
    private readonly changeKey: ChangeKeyHandler,
    private readonly revokeKey: RevokeKeyHandler,
    private readonly keys: ReadKeysQuery,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  async create(
    @Body(zodBody(createKeyForm)) request: CreateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<Data<S4eIssuedKey>> {
    const issuance = await this.createKey.execute(request, caller, idempotencyKey);
    const { key, secret } = shownOnce(issuance, ({ displayId }) => displayId);
    return { data: s4eIssuedKey(key, secret.reveal()) };
  }

  @Get()
  @Requires(READ)
  async list(
    @Query(zodQuery(listQuery)) { page, per_page: perPage }: ListQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<NumberedPage> {
    const { keys, total } = await this.keys.page(caller, page, perPage);
    return { data: keys.map(s4eKey), meta: { total, page, per_page: perPage } };
  }

  @Get(':id')
  @Requires(READ)
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<Data<S4eKeyDetails>> {
    return { data: s4eKeyDetails(await this.keys.oneLive(caller, id)) };
  }

  @Put(':id')
  @Requires(WRITE)
  async update(
    @Param('id') id: string,
    @Body(zodBody(changeKeyBody)) request: ChangeKeyRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<Data<S4eKeyDetails>> {
    return { data: s4eKeyDetails(await this.changeKey.execute(id, request, caller)) };
  }

  @Delete(':id')
  @Requires(WRITE)
  async revoke(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
  ): Promise<{ readonly status: string; readonly message: string }> {
    await this.revokeKey.execute(id, caller);
    return { status: 'success', message: 'API key revoked.' };
  }
}
