import type { AccessTokenRef, CredentialRef, SessionRef } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { RequestId, UserId, WorkspaceId } from '@latchkey/kernel';

/** A session's token as the check has seen it: its digest is the session's own. */
export type PresentedSession = Omit<SessionRef, 'tokenSha256'>;

/** Who asks: a credential that enforcement has let through, and whose it is. */
export interface Caller {
  readonly presented: CredentialRef | AccessTokenRef | PresentedSession;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** Undefined: it cannot be told. */
  readonly ip: string | undefined;
  readonly requestId: RequestId;
}

export const isSession = (presented: Caller['presented']): presented is PresentedSession => 'sessionId' in presented;

/** Whose doing it is, for the record: the key's or the client's; of a session its user's, who is there for longer. */
export function actorOf({ presented, userId }: Caller): string {
  if (isSession(presented)) return userId;
  return 'keyId' in presented ? presented.keyId : presented.clientId;
}

export const metaOf = (caller: Caller, at: Date): EventMeta => ({
  actorId: actorOf(caller),
  workspaceId: caller.workspaceId,
  requestId: caller.requestId,
  at,
});
