import { Controller, Get, Query } from '@nestjs/common';
import { secretIdOf, type DecidedCaller, type DecidedSecret, type Decision, type Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { zodQuery } from '@latchkey/platform';
import type { z } from 'zod';
import type { PlacedEntry } from '../../application/read-telemetry.query';
import { decisionKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';
import { entryRecord, telemetryQuery, TelemetryPages, type TelemetryRecords } from './telemetry-pages';

const decisionsQuery = telemetryQuery.extend({
  /** A key, or one of its secrets (C29). */
  key: exact.optional(),
  session: exact.optional(),
  client: exact.optional(),
});

type DecisionsQuery = z.output<typeof decisionsQuery>;
type AccessDecision = ReturnType<typeof accessDecisionOf>;

/** What was decided on calls with the credentials of the caller's workspace (S2-15). */
@Controller('api/v1/access-decisions')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class AccessDecisionsController {
  constructor(private readonly pages: TelemetryPages) {}

  @Get()
  list(
    @CurrentPrincipal() { workspace_id: workspaceId }: Principal,
    @Query(zodQuery(decisionsQuery)) { key, session, client, ...query }: DecisionsQuery,
  ): Promise<TelemetryRecords<AccessDecision>> {
    const wanted = Object.entries({ api_key: key, session, client }).filter(([, id]) => id !== undefined);
    const matches = ({ secret }: Decision) => {
      const credential = secret && credentialOf(secret);
      return wanted.every(
        ([kind, id]) => credential?.kind === kind && (credential.id === id || credential.secret_id === id),
      );
    };
    return this.pages.read(decisionKind, workspaceId, query, matches, accessDecisionOf);
  }
}

function accessDecisionOf(placed: PlacedEntry<Decision>) {
  const { secret, scopes, asset, action, method, path, ip, userAgent, cost, via, caller } = placed.value;
  return {
    ...entryRecord(placed),
    credential: secret && credentialOf(secret),
    ...{ scopes, asset, action, method, path, ip, user_agent: userAgent, cost, via },
    caller: caller && callerOf(caller),
  };
}

/** In the words of the check's principal. */
function credentialOf(secret: DecidedSecret): Pick<Principal, 'kind' | 'id' | 'secret_id'> {
  if ('keyId' in secret)
    return { kind: 'api_key', id: secret.keyId, secret_id: secretIdOf(secret.keyId, secret.number) };
  if ('sessionId' in secret)
    return { kind: 'session', id: secret.sessionId, secret_id: secretIdOf(secret.sessionId, secret.number) };
  return { kind: 'client', id: secret.clientId, secret_id: secret.jti };
}

function callerOf(caller: DecidedCaller) {
  if (caller.kind !== 'token') return caller;
  const { id, secret_id: secretId } = credentialOf(caller.secret);
  return { kind: caller.kind, id, secret_id: secretId };
}
