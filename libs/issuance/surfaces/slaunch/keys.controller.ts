import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { displayScope, scopeCatalogue } from '@latchkey/access';
import { Requires, type CredentialKind } from '@latchkey/guard';
import { AppError, isAppError, type Clock } from '@latchkey/kernel';
import { Answers, IdempotencyKey, Refuses, shownQuery, zodBody } from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { CreateKeyHandler } from '../../application/create-key.handler';
import type { WorkspaceDirectory } from '../../application/ports';
import { ReadKeysQuery } from '../../application/read-keys.query';
import type { CreateKeyRequest } from '../../application/requested-key';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { CurrentCaller } from '../current-caller';
import { KeyListRequests } from '../key-lists/key-list-requests';
import { GRANT_REFUSALS } from '../refusals';
import { shownOnce } from '../shown-once';
import { CLOCK, WORKSPACES } from '../tokens';
import { apiKeyWriteCreate } from './key-body';
import {
  apiKeyPageSchema,
  apiKeyRead,
  apiKeyReadCreateSchema,
  apiKeyReadSchema,
  apiKeyStub,
  type ApiKeyInDbCursorPage,
  type ApiKeyRead,
  type ApiKeyReadCreate,
} from './key-record';
import { filterMetadata, filterMetadataSchema, filterOf, keyListing } from './list-query';

/** Routes that the document marks "also accepts API key"; the others take the OAuth2 alternative and sessions alone (S4-05). */
const ALSO_KEYS: readonly CredentialKind[] = ['api_key', 'session', 'client'];
const NO_KEYS: readonly CredentialKind[] = ['session', 'client'];

/** With a slash at its end and without one. Nest takes the last slash off, so there are two. */
const eitherEnd = (path = ''): string[] => [path, `${path}//`];

/** The routes of S4. A key that was deleted is not there any more; neither change nor rotation is offered (S4-12). */
@Controller('api/admin/api-keys')
export class SLaunchKeysController {
  constructor(
    private readonly createKey: CreateKeyHandler,
    private readonly revokeKey: RevokeKeyHandler,
    private readonly keys: ReadKeysQuery,
    private readonly requests: KeyListRequests,
    @Inject(WORKSPACES) private readonly workspaces: WorkspaceDirectory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(eitherEnd())
  @Requires({ scopes: ['apikeys:read'], credentials: ALSO_KEYS })
  @Answers(apiKeyPageSchema)
  @Refuses('request.invalid_cursor', 'key.unknown_scope')
  async list(
    @Query(shownQuery(keyListing.query)) sent: unknown,
    @CurrentCaller() caller: Caller,
  ): Promise<ApiKeyInDbCursorPage> {
    const asked = this.requests.read(keyListing, caller.workspaceId, sent);
    const { query, order, position } = asked;
    const wanted = { filter: filterOf(query, this.clock.now()), liveOnly: true };
    const [{ keys, next }, total] = await Promise.all([
      this.keys.after(caller, wanted, order, position, query.limit),
      this.keys.count(caller, wanted),
    ]);
    return {
      items: keys.map(query.hydrate ? apiKeyRead : apiKeyStub),
      next_cursor: next && this.requests.write(keyListing, caller.workspaceId, asked, next),
      total,
    };
  }

  @Get(eitherEnd('filters'))
  @Requires({ scopes: ['apikeys:read'], credentials: NO_KEYS })
  @Answers(filterMetadataSchema)
  filters(): typeof filterMetadata {
    return filterMetadata;
  }

  @Get(eitherEnd('scopes'))
  @Requires({ scopes: ['apikeys:write'], credentials: NO_KEYS })
  @Answers(z.array(z.string()))
  async scopes(@CurrentCaller() { workspaceId }: Caller): Promise<readonly string[]> {
    const profile = await this.workspaces.profileOf(workspaceId);
    return scopeCatalogue(profile).map(({ canonical }) => displayScope(profile, canonical));
  }

  @Get(eitherEnd(':id'))
  @Requires({ scopes: ['apikeys:read'], credentials: ALSO_KEYS })
  @Answers(apiKeyReadSchema)
  @Refuses('key.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<ApiKeyRead> {
    return apiKeyRead(await this.keys.oneLive(caller, id));
  }

  @Post(eitherEnd())
  @Header('cache-control', 'no-store')
  @Requires({ scopes: ['apikeys:write'], credentials: NO_KEYS })
  @Answers(apiKeyReadCreateSchema)
  @Refuses(...GRANT_REFUSALS, 'key.secret_already_issued')
  async create(
    @Body(zodBody(apiKeyWriteCreate)) request: CreateKeyRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<ApiKeyReadCreate> {
    const issuance = await this.createKey.execute(request, caller, idempotencyKey).catch(inOwnWords);
    const { key, secret, lastUsedAt } = shownOnce(issuance, ({ keyId }) => keyId);
    return { ...apiKeyRead({ ...key, lastUsedAt }), key: secret.reveal() };
  }

  @Delete(eitherEnd(':id'))
  @HttpCode(204)
  @Requires({ scopes: ['apikeys:write'], credentials: NO_KEYS })
  @Refuses('key.not_found', 'key.last_admin')
  async delete(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.revokeKey.execute(id, caller);
  }
}

/** What is wrong with an expiry is said by the name that it has here. */
function inOwnWords(error: unknown): never {
  if (!isAppError(error) || error.field !== 'expires_at') throw error;
  throw new AppError(error.code, { field: 'expires', public: error.public, details: error.details, cause: error });
}
