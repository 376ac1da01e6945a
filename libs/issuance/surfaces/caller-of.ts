import { AppError, keyId, userId, workspaceId, type RequestId } from '@latchkey/kernel';
import type { Principal } from '@latchkey/contracts';
import type { Caller } from '../application/caller';

/** @throws AppError `auth.forbidden`: a key is made with what its maker's own key has, and a session has none */
export function callerOf(principal: Principal, requestId: RequestId): Caller {
  if (principal.kind !== 'api_key') throw new AppError('auth.forbidden', { public: 'This takes an API key.' });
  return {
    keyId: keyId(principal.id),
    secretId: principal.secret_id,
    userId: userId(principal.user_id),
    workspaceId: workspaceId(principal.workspace_id),
    requestId,
  };
}
