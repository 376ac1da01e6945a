import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import { AppError, type Clock, type ErrorCode } from '@latchkey/kernel';
import {
  Answers,
  IdempotencyKey,
  ListCursors,
  pageOf,
  pageQuery,
  Refuses,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
} from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import { ChangeClientHandler } from '../../application/change-client.handler';
import { ClientLifeHandler } from '../../application/client-life.handler';
import type { AlreadyIssued, IssuedClient } from '../../application/issuance';
import { ReadClientsQuery } from '../../application/read-clients.query';
import { RegisterClientHandler, type RegisterClientRequest } from '../../application/register-client.handler';
import type { RequestedClient } from '../../application/requested-client';
import { RotateClientSecretHandler } from '../../application/rotate-client-secret.handler';
import { CurrentCaller } from '../current-caller';
import { CLOCK } from '../tokens';
import { changeClientBody, registerClientBody, rotateSecretBody, type RotateSecretBody } from './client-bodies';
import {
  clientRecord,
  clientSchema,
  issuedClientSchema,
  type ClientRecord,
  type IssuedClientRecord,
} from './client-record';

const LIST = 'oauth-applications';
const READ: Requirement = { scopes: ['oauth:read'] };
const WRITE: Requirement = { scopes: ['oauth:write'] };

/** What can be wrong with what an application is to have. */
const GRANT_REFUSALS = [
  'client.exceeds_grantor',
  'client.unknown_scope',
  'client.unknown_plan',
  'client.invalid_ip',
  'scope_set.unknown',
] as const satisfies readonly ErrorCode[];

/** OAuth applications (S1-07), for any kind of credential. */
@Controller('api/v1/oauth-applications')
export class ClientsController {
  constructor(
    private readonly registerClient: RegisterClientHandler,
    private readonly changeClient: ChangeClientHandler,
    private readonly rotateSecret: RotateClientSecretHandler,
    private readonly life: ClientLifeHandler,
    private readonly clients: ReadClientsQuery,
    private readonly cursors: ListCursors,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  @Answers(issuedClientSchema)
  @Refuses(...GRANT_REFUSALS, 'client.too_many', 'client.secret_already_issued')
  async register(
    @Body(zodBody(registerClientBody)) request: RegisterClientRequest,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<IssuedClientRecord> {
    return this.issued(await this.registerClient.execute(request, caller, idempotencyKey));
  }

  @Get()
  @Requires(READ)
  @Answers(pageOf(clientSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() { workspaceId }: Caller,
  ): Promise<Page<ClientRecord>> {
    const position = this.cursors.read(LIST, workspaceId, cursor);
    const { clients, next } = await this.clients.after(workspaceId, position, limit);
    return {
      items: clients.map((client) => this.record(client)),
      next_cursor: next && this.cursors.write(LIST, workspaceId, next),
    };
  }

  @Get(':id')
  @Requires(READ)
  @Answers(clientSchema)
  @Refuses('client.not_found')
  async get(@Param('id') id: string, @CurrentCaller() { workspaceId }: Caller): Promise<ClientRecord> {
    return this.record(await this.clients.one(workspaceId, id));
  }

  @Patch(':id')
  @Requires(WRITE)
  @Answers(clientSchema)
  @Refuses(...GRANT_REFUSALS, 'client.not_found', 'client.deleted', 'client.other_authentication')
  async change(
    @Param('id') id: string,
    @Body(zodBody(changeClientBody)) request: RequestedClient,
    @CurrentCaller() caller: Caller,
  ): Promise<ClientRecord> {
    return this.record(await this.changeClient.execute(id, request, caller));
  }

  @Post(':id/rotate-secret')
  @Header('cache-control', 'no-store')
  @Requires(WRITE)
  @Answers(issuedClientSchema)
  @Refuses(
    ...GRANT_REFUSALS,
    'client.not_found',
    'client.deleted',
    'client.other_authentication',
    'client.secret_already_issued',
  )
  async rotate(
    @Param('id') id: string,
    @Body(zodBody(rotateSecretBody)) body: RotateSecretBody,
    @IdempotencyKey() idempotencyKey: string | null,
    @CurrentCaller() caller: Caller,
  ): Promise<IssuedClientRecord> {
    return this.issued(await this.rotateSecret.execute(id, body.grace_period_hours, caller, idempotencyKey));
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @Requires(WRITE)
  @Answers(clientSchema)
  @Refuses('client.not_found', 'client.deleted')
  async suspend(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<ClientRecord> {
    return this.record(await this.life.suspend(id, caller));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Requires(WRITE)
  @Answers(clientSchema)
  @Refuses(...GRANT_REFUSALS, 'client.not_found', 'client.deleted')
  async resume(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<ClientRecord> {
    return this.record(await this.life.resume(id, caller));
  }

  @Post(':id/end-tokens')
  @HttpCode(200)
  @Requires(WRITE)
  @Answers(clientSchema)
  @Refuses('client.not_found', 'client.deleted')
  async endTokens(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<ClientRecord> {
    return this.record(await this.life.endTokens(id, caller));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  @Refuses('client.not_found')
  async delete(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.life.delete(id, caller);
  }

  private record(client: Parameters<typeof clientRecord>[0]): ClientRecord {
    return clientRecord(client, this.clock.now());
  }

  private issued(issuance: IssuedClient | AlreadyIssued): IssuedClientRecord {
    if (issuance.kind === 'already_issued') {
      throw new AppError('client.secret_already_issued', { details: { client_id: issuance.clientId } });
    }
    const { client, secret, lastUsedAt } = issuance;
    return { ...this.record({ ...client, lastUsedAt }), ...(secret && { client_secret: secret.reveal() }) };
  }
}
