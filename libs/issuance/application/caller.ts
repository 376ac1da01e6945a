import type { AccessTokenRef } from '@latchkey/contracts';
import type { ClientId, KeyId, RequestId, SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
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

/** A client's access token that was presented. */
export interface PresentedClient {
  readonly kind: 'client';
  readonly token: AccessTokenRef;
  /** Where it was presented from; undefined where that cannot be told. */
  readonly ip: string | undefined;
}

/** Who asks: a credential that enforcement has let through, and whose it is. */
export interface Caller {
  readonly credential: PresentedKey | PresentedSession | PresentedClient;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** What the check said that the credential may do, in the spelling of the workspace's profile. */
  readonly scopes: readonly string[];
  readonly requestId: RequestId;
}

/** Whose doing it is, for the record: the key's or the client's; of a session its user's, who is there for longer. */
export function actorOf({ credential, userId }: Caller): KeyId | ClientId | UserId {
  switch (credential.kind) {
    case 'api_key':
      return credential.keyId;
    case 'client':
      return credential.token.clientId;
    case 'session':
      return userId;
  }
}

export const metaOf = (caller: Caller, at: Date): EventMeta => ({
  actorId: actorOf(caller),
  workspaceId: caller.workspaceId,
  requestId: caller.requestId,
  at,
});
