import type { EventMeta } from '@latchkey/event-store';
import type { RequestId } from '@latchkey/kernel';
import type { Actor } from './ports';

/** Who asks: a credential that enforcement has let through, and whose it is. */
export interface Caller extends Actor {
  /** Id of the key or session. */
  readonly credentialId: string;
  readonly requestId: RequestId;
}

export const metaOf = ({ credentialId, workspaceId, requestId }: Caller, at: Date): EventMeta => ({
  actorId: credentialId,
  workspaceId,
  requestId,
  at,
});
