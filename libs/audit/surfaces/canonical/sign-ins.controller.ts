import { Controller, Get, Query } from '@nestjs/common';
import type { Principal, SignInEntry } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { Answers, Refuses, zodQuery, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { PlacedEntry } from '../../application/read-telemetry.query';
import { signInKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';
import {
  entryRecord,
  entrySchema,
  telemetryPageOf,
  telemetryQuery,
  TelemetryPages,
  type TelemetryRecords,
} from './telemetry-pages';

const signInsQuery = telemetryQuery.extend({ user: exact.optional() });

type SignInsQuery = z.output<typeof signInsQuery>;

const signInSchema = entrySchema.extend({
  method: z.string(),
  user_id: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  captcha: z.string(),
});

type SignIn = Reply<typeof signInSchema>;

/** Attempts to sign in to the caller's workspace, successful and failed (S2-15, S3-17). */
@Controller('api/v1/sign-ins')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class SignInsController {
  constructor(private readonly pages: TelemetryPages) {}

  @Get()
  @Answers(telemetryPageOf(signInSchema))
  @Refuses('request.invalid_cursor')
  list(
    @CurrentPrincipal() { workspace_id: workspaceId }: Principal,
    @Query(zodQuery(signInsQuery)) { user, ...query }: SignInsQuery,
  ): Promise<TelemetryRecords<SignIn>> {
    const matches = ({ userId }: SignInEntry) => user === undefined || userId === user;
    return this.pages.read(signInKind, workspaceId, query, matches, signInOf);
  }
}

function signInOf(placed: PlacedEntry<SignInEntry>): SignIn {
  const { method, userId, ip, userAgent, captcha } = placed.value;
  return { ...entryRecord(placed), method, user_id: userId, ip, user_agent: userAgent, captcha };
}
