import type { Principal } from '@latchkey/contracts';
import { userId, workspaceId, type RequestId } from '@latchkey/kernel';
import type { Caller } from '../application/caller';

export const callerOf = (principal: Principal, requestId: RequestId): Caller => ({
  credentialId: principal.id,
  userId: userId(principal.user_id),
  workspaceId: workspaceId(principal.workspace_id),
  keyScopes: principal.kind === 'session' ? null : principal.scopes,
  requestId,
});
