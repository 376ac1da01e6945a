import { Controller, Get, Query } from '@nestjs/common';
import type { AccessTokenEntry, Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { Answers, Refuses, timestampText, zodQuery, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { PlacedEntry } from '../../application/read-telemetry.query';
import { accessTokenKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';
import {
  entryRecord,
  entrySchema,
  telemetryPageOf,
  telemetryQuery,
  TelemetryPages,
  type TelemetryRecords,
} from './telemetry-pages';

const tokenRequestsQuery = telemetryQuery.extend({ client: exact.optional() });

type TokenRequestsQuery = z.output<typeof tokenRequestsQuery>;

const tokenRequestSchema = entrySchema.extend({
  endpoint: z.string(),
  method: z.string().nullable(),
  client_id: z.string().nullable(),
  jti: z.string().nullable(),
  scopes: z.array(z.string()),
  expires_at: timestampText.nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
});

type TokenRequest = Reply<typeof tokenRequestSchema>;

/** Access tokens that clients of the caller's workspace were issued, and requests of theirs that were refused. */
@Controller('api/v1/token-requests')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class TokenRequestsController {
  constructor(private readonly pages: TelemetryPages) {}

  @Get()
  @Answers(telemetryPageOf(tokenRequestSchema))
  @Refuses('request.invalid_cursor')
  list(
    @CurrentPrincipal() { workspace_id: workspaceId }: Principal,
    @Query(zodQuery(tokenRequestsQuery)) { client, ...query }: TokenRequestsQuery,
  ): Promise<TelemetryRecords<TokenRequest>> {
    const matches = ({ clientId }: AccessTokenEntry) => client === undefined || clientId === client;
    return this.pages.read(accessTokenKind, workspaceId, query, matches, tokenRequestOf);
  }
}

function tokenRequestOf(placed: PlacedEntry<AccessTokenEntry>): TokenRequest {
  const { endpoint, method, clientId, jti, scopes, expiresAtMs, ip, userAgent } = placed.value;
  return {
    ...entryRecord(placed),
    ...{ endpoint, method, client_id: clientId, jti, scopes },
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    ...{ ip, user_agent: userAgent },
  };
}
