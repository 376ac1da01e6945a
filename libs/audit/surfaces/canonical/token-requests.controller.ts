import { Controller, Get, Query } from '@nestjs/common';
import type { AccessTokenEntry, Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { zodQuery } from '@latchkey/platform';
import type { z } from 'zod';
import type { PlacedEntry } from '../../application/read-telemetry.query';
import { accessTokenKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';
import { entryRecord, telemetryQuery, TelemetryPages, type TelemetryRecords } from './telemetry-pages';

const tokenRequestsQuery = telemetryQuery.extend({ client: exact.optional() });

type TokenRequestsQuery = z.output<typeof tokenRequestsQuery>;
type TokenRequest = ReturnType<typeof tokenRequestOf>;

/** Access tokens that clients of the caller's workspace were issued, and requests of theirs that were refused. */
@Controller('api/v1/token-requests')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class TokenRequestsController {
  constructor(private readonly pages: TelemetryPages) {}

  @Get()
  list(
    @CurrentPrincipal() { workspace_id: workspaceId }: Principal,
    @Query(zodQuery(tokenRequestsQuery)) { client, ...query }: TokenRequestsQuery,
  ): Promise<TelemetryRecords<TokenRequest>> {
    const matches = ({ clientId }: AccessTokenEntry) => client === undefined || clientId === client;
    return this.pages.read(accessTokenKind, workspaceId, query, matches, tokenRequestOf);
  }
}

function tokenRequestOf(placed: PlacedEntry<AccessTokenEntry>) {
  const { endpoint, method, clientId, jti, scopes, expiresAtMs, ip, userAgent } = placed.value;
  return {
    ...entryRecord(placed),
    ...{ endpoint, method, client_id: clientId, jti, scopes },
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    ...{ ip, user_agent: userAgent },
  };
}
