import { Body, Controller, Delete, Get, Header, Param, Post, Put, Query } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import { Answers, IdempotencyKey, Refuses, zodBody, zodQuery, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { ChangeKeyHandler, type ChangeKeyRequest } from '../../application/change-key.handler';
import { CreateKeyHandler } from '../../application/create-key.handler';
import { ReadKeysQuery } from '../../application/read-keys.query';
import type { CreateKeyRequest } from '../../application/requested-key';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { CurrentCaller } from '../current-caller';
import { changeKeyBody } from '../key-bodies';
import { GRANT_REFUSALS, STANDING_REFUSALS } from '../refusals';
import { shownOnce } from '../shown-once';
import { createKeyForm } from './create-key-form';
import {
  s4eIssuedKey,
  s4eIssuedKeySchema,
  s4eKey,
  s4eKeyDetails,
  s4eKeyDetailsSchema,
  s4eKeySchema,
} from './key-record';
import { listQuery, type ListQuery } from './list-query';

/** Everywhere on this surface a session's token may also be in the query (S2-06). */
const TAKES: Pick<Requirement, 'credentials' | 'forms'> = {
  credentials: ['api_key', 'session', 'client'],
  forms: ['bearer', 'x-api-key', 'cookie', 'query'],
};
const READ: Requirement = { scopes: ['apikeys:read'], ...TAKES };
const WRITE: Requirement = { scopes: ['apikeys:write'], ...TAKES };

const dataOf = <Data extends z.ZodType>(data: Data) => z.strictObject({ data });

const numberedPage = dataOf(z.array(s4eKeySchema)).extend({
  meta: z.strictObject({ total: z.number(), page: z.number(), per_page: z.number() }),
});
const issued = dataOf(s4eIssuedKeySchema);
const details = dataOf(s4eKeyDetailsSchema);
const done = z.strictObject({ status: z.string(), message: z.string() });

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
  @Answers(issued)
  @Refuses(...GRANT_REFUSALS, 'key.secret_already_issued')
  async create(
    @Body(zodBody(createKeyForm)) request: CreateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof issued>> {
    const issuance = await this.createKey.execute(request, caller, idempotencyKey);
    const { key, secret } = shownOnce(issuance, ({ displayId }) => displayId);
    return { data: s4eIssuedKey(key, secret.reveal()) };
  }

  @Get()
  @Requires(READ)
  @Answers(numberedPage)
  async list(
    @Query(zodQuery(listQuery)) { page, per_page: perPage }: ListQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof numberedPage>> {
    const { keys, total } = await this.keys.page(caller, page, perPage);
    return { data: keys.map(s4eKey), meta: { total, page, per_page: perPage } };
  }

  @Get(':id')
  @Requires(READ)
  @Answers(details)
  @Refuses('key.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<Reply<typeof details>> {
    return { data: s4eKeyDetails(await this.keys.oneLive(caller, id)) };
  }

  @Put(':id')
  @Requires(WRITE)
  @Answers(details)
  @Refuses(...GRANT_REFUSALS, ...STANDING_REFUSALS)
  async update(
    @Param('id') id: string,
    @Body(zodBody(changeKeyBody)) request: ChangeKeyRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof details>> {
    return { data: s4eKeyDetails(await this.changeKey.execute(id, request, caller)) };
  }

  @Delete(':id')
  @Requires(WRITE)
  @Answers(done)
  @Refuses('key.not_found', 'key.last_admin')
  async revoke(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<Reply<typeof done>> {
    await this.revokeKey.execute(id, caller);
    return { status: 'success', message: 'API key revoked.' };
  }
}
