import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import type { Principal, Role } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { AppError, type Clock } from '@latchkey/kernel';
import { timestamp } from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import type { WorkspaceDirectory } from '../../application/ports';
import { RevokeKeyHandler } from '../../application/revoke-key.handler';
import { CurrentCaller } from '../current-caller';
import { CLOCK, WORKSPACES } from '../tokens';

/** Of a session also what a page must know that shows itself to its user. */
type SessionDetails = Principal & {
  /** Of the user in the workspace, now. */
  readonly role: Role;
  readonly workspace: { readonly id: string; readonly name: string; readonly profile: string };
  readonly session: {
    readonly id: string;
    /** Whether its user showed one. */
    readonly second_factor: boolean;
    /** When it ends unless it is used. */
    readonly idle_until: string;
    /** When it ends in any case. */
    readonly expires_at: string;
  };
};

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
  async me(
    @CurrentPrincipal() principal: Principal,
    @CurrentCaller() caller: Caller,
  ): Promise<Principal | SessionDetails> {
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
  async revoke(@CurrentCaller() caller: Caller): Promise<void> {
    const { credential } = caller;
    if (credential.kind !== 'api_key') throw new AppError('auth.forbidden');
    await this.revokeKey.ownSecret(credential, caller);
  }
}
