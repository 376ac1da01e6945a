import { Controller, Get, Query } from '@nestjs/common';
import {
  principalSchema,
  secretIdOf,
  type DecidedCaller,
  type DecidedSecret,
  type Decision,
  type Principal,
} from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { Answers, Refuses, zodQuery, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { PlacedEntry } from '../../application/read-telemetry.query';
import { decisionKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';
import {
  entryRecord,
  entrySchema,
  telemetryPageOf,
  telemetryQuery,
  TelemetryPages,
  type TelemetryRecords,
} from './telemetry-pages';

const decisionsQuery = telemetryQuery.extend({
  /** A key, or one of its secrets (C29). */
  key: exact.optional(),
  session: exact.optional(),
  client: exact.optional(),
});

type DecisionsQuery = z.output<typeof decisionsQuery>;

const credentialSchema = principalSchema.pick({ kind: true, id: true, secret_id: true });

const callerSchema = z.union([
  z.strictObject({ kind: z.literal('token'), id: z.string(), secret_id: z.string() }),
  z.strictObject({ kind: z.literal('certificate'), name: z.string() }),
  z.strictObject({ kind: z.enum(['local', 'refused']) }),
]);

const accessDecisionSchema = entrySchema.extend({
  /** In the words of the check's principal; null: what was shown is none. */
  credential: credentialSchema.nullable(),
  scopes: z.array(z.string()),
  asset: z.string().nullable(),
  action: z.string().nullable(),
  method: z.string().nullable(),
  path: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  cost: z.number(),
  via: z.string(),
  /** Who asked; null: it is not known. */
  caller: callerSchema.nullable(),
});

type AccessDecision = Reply<typeof accessDecisionSchema>;

/** What was decided on calls with the credentials of the caller's workspace (S2-15). */
@Controller('api/v1/access-decisions')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class AccessDecisionsController {
  constructor(private readonly pages: TelemetryPages) {}

  @Get()
  @Answers(telemetryPageOf(accessDecisionSchema))
  @Refuses('request.invalid_cursor')
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

function accessDecisionOf(placed: PlacedEntry<Decision>): AccessDecision {
  const { secret, scopes, asset, action, method, path, ip, userAgent, cost, via, caller } = placed.value;
  return {
    ...entryRecord(placed),
    credential: secret && credentialOf(secret),
    ...{ scopes, asset, action, method, path, ip, user_agent: userAgent, cost, via },
    caller: caller && callerOf(caller),
  };
}

/** In the words of the check's principal. */
function credentialOf(secret: DecidedSecret): Reply<typeof credentialSchema> {
  if ('keyId' in secret)
    return { kind: 'api_key', id: secret.keyId, secret_id: secretIdOf(secret.keyId, secret.number) };
  if ('sessionId' in secret)
    return { kind: 'session', id: secret.sessionId, secret_id: secretIdOf(secret.sessionId, secret.number) };
  return { kind: 'client', id: secret.clientId, secret_id: secret.jti };
}

function callerOf(caller: DecidedCaller): Reply<typeof callerSchema> {
  if (caller.kind !== 'token') return caller;
  const { id, secret_id: secretId } = credentialOf(caller.secret);
  return { kind: caller.kind, id, secret_id: secretId };
}
