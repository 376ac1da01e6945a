import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { principalSchema, roleSchema, type Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { AppError, type Clock } from '@latchkey/kernel';
import { Answers, Refuses, timestamp, timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import type { WorkspaceDirectory } from '../../application/ports';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { CurrentCaller } from '../current-caller';
import { CLOCK, WORKSPACES } from '../tokens';

/** Of a session also what a page must know that shows itself to its user. */
const sessionDetailsSchema = principalSchema.extend({
  /** Of the user in the workspace, now. */
  role: roleSchema,
  workspace: z.strictObject({ id: z.string(), name: z.string(), profile: z.string() }),
  session: z.strictObject({
    id: z.string(),
    /** Whether its user showed one. */
    second_factor: z.boolean(),
    /** When it ends unless it is used. */
    idle_until: timestampText,
    /** When it ends in any case. */
    expires_at: timestampText,
  }),
});

/** The caller's own credential: what the check says of it, and its end. */
@Controller('api/v1/me')
export class MeController {
  constructor(
    @Inject(WORKSPACES) private readonly workspaces: WorkspaceDirectory,
    private readonly revokeKey: RevokeKeyHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Without a second factor too: whoever lacks one that the workspace requires must be able to see so. */
  @Get()
  @Requires({ scopes: [], credentials: ['api_key', 'session', 'client'], secondFactor: 'exempt' })
  @Answers(z.union([principalSchema, sessionDetailsSchema]))
  async me(
    @CurrentPrincipal() principal: Principal,
    @CurrentCaller() caller: Caller,
  ): Promise<Principal | Reply<typeof sessionDetailsSchema>> {
    const { credential, userId, workspaceId } = caller;
    if (credential.kind !== 'session') return principal;
    const of = { ...credential, userId, workspaceId };
    const standing = await this.workspaces.sessionStanding(of, { second_factor: 'exempt' }, this.clock.now());
    if (!standing) throw new AppError('auth.unauthorized');
    const { role, workspace, session } = standing;
    return {
      ...principal,
      role,
      workspace: { id: workspaceId, name: workspace.name, profile: workspace.profile },
      session: {
        id: principal.id,
        second_factor: session.secondFactor,
        idle_until: timestamp(new Date(session.idleUntilMs)),
        expires_at: timestamp(new Date(session.expiresAtMs)),
      },
    };
  }

  /** Whoever holds a secret may end it: it needs no scope, and no limit keeps anybody from it. */
  @Post('revoke')
  @HttpCode(204)
  @Requires({ scopes: [], credentials: ['api_key'], counts: false })
  @Refuses('key.last_admin')
  async revoke(@CurrentCaller() caller: Caller): Promise<void> {
    const { credential } = caller;
    if (credential.kind !== 'api_key') throw new AppError('auth.forbidden');
    await this.revokeKey.ownSecret(credential, caller);
  }
}
