import type { KeyId, RequestId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { EventMeta } from '@latchkey/event-store';

/** Who asks: a key that enforcement has let through. */
export interface Caller {
  readonly keyId: KeyId;
  /** Which of its secrets was presented. */
  readonly secretId: string;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  readonly requestId: RequestId;
}

export const metaOf = ({ keyId, workspaceId, requestId }: Caller, at: Date): EventMeta => ({
  actorId: keyId,
  workspaceId,
  requestId,
  at,
});
