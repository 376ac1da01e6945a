import type { ClientId, Clock, RequestId, WorkspaceId } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { RevokeAccessToken } from '../domain/client/commands';
import { decide } from '../domain/client/decide';
import type { ClientStore } from './ports';

/** One of a client's own access tokens, whose signature is good. */
export interface RevokeAccessTokenRequest {
  readonly clientId: ClientId;
  readonly workspaceId: WorkspaceId;
  readonly jti: string;
  readonly expiresAt: Date;
  readonly requestId: RequestId;
}

export class RevokeAccessTokenHandler {
  constructor(
    private readonly clients: ClientStore,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** When it resolves, no node accepts the token any more: not after a second request either. @throws AppError `client.not_found` */
  async execute({ clientId, workspaceId, jti, expiresAt, requestId }: RevokeAccessTokenRequest): Promise<void> {
    const now = this.clock.now();
    const command: RevokeAccessToken = { type: 'RevokeAccessToken', jti, expiresAt, now };
    const { changed } = await this.clients.write({
      clientId,
      decide: (state) => decide(command, state),
      meta: { actorId: clientId, workspaceId, requestId, at: now },
    });
    await this.settlement.settle([changed]);
  }
}
