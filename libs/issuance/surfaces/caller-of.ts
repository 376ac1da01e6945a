import { keyId, userId, workspaceId, type RequestId } from '@latchkey/kernel';
import type { Principal } from '@latchkey/contracts';
import type { Caller } from '../application/caller';

export const callerOf = (principal: Principal, requestId: RequestId): Caller => ({
  keyId: keyId(principal.id),
  secretId: principal.secret_id,
  userId: userId(principal.user_id),
  workspaceId: workspaceId(principal.workspace_id),
  requestId,
});
