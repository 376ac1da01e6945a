import { assertNever, keyId, sessionId, userId, workspaceId, type RequestId } from '@latchkey/kernel';
import { secretNumberOf, type Principal } from '@latchkey/contracts';
import type { Caller } from '../application/caller';

export const callerOf = (principal: Principal, requestId: RequestId): Caller => ({
  credential: credentialOf(principal),
  userId: userId(principal.user_id),
  workspaceId: workspaceId(principal.workspace_id),
  scopes: principal.scopes,
  requestId,
});

function credentialOf({ kind, id, secret_id: secretId }: Principal): Caller['credential'] {
  switch (kind) {
    case 'api_key':
      return { kind, keyId: keyId(id), secretId };
    case 'session':
      return { kind, sessionId: sessionId(id), tokenNumber: secretNumberOf(secretId) };
    default:
      return assertNever(kind);
  }
}
