import type { KeyId, RequestId, SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { EventMeta } from '@latchkey/event-store';

/** A key's secret that was presented. */
export interface PresentedKey {
  readonly kind: 'api_key';
  readonly keyId: KeyId;
  /** Which of its secrets. */
  readonly secretId: string;
}

/** A session's token that was presented. */
export interface PresentedSession {
  readonly kind: 'session';
  readonly sessionId: SessionId;
  /** Which of its tokens, from 1. */
  readonly tokenNumber: number;
}

/** Who asks: a credential that enforcement has let through, and whose it is. */
export interface Caller {
  readonly credential: PresentedKey | PresentedSession;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** What the check said that the credential may do, in the spelling of the workspace's profile. */
  readonly scopes: readonly string[];
  readonly requestId: RequestId;
}

/** Whose doing it is, for the record: the key's; of a session its user's, who is there for longer. */
export const actorOf = ({ credential, userId }: Caller): KeyId | UserId =>
  credential.kind === 'api_key' ? credential.keyId : userId;

export const metaOf = (caller: Caller, at: Date): EventMeta => ({
  actorId: actorOf(caller),
  workspaceId: caller.workspaceId,
  requestId: caller.requestId,
  at,
});
