import { decideAccess, decideSession, type AccessDenial, type AccessRequest } from '@latchkey/access';
import type { CredentialRef, SessionRef } from '@latchkey/contracts';
import type { LiveQuery } from '@latchkey/live-state';

/** May this credential pass? As live state is asked. */
export const accessQuery = (credential: CredentialRef, request: AccessRequest): LiveQuery<AccessDenial> => ({
  workspaceId: credential.workspaceId,
  subjects: [
    { kind: 'key', id: credential.keyId },
    { kind: 'workspace', id: credential.workspaceId },
  ],
  decide: (known) => decideAccess(credential, request, known),
});

/** May this session pass? */
export const sessionQuery = (credential: SessionRef, request: AccessRequest): LiveQuery<AccessDenial> => ({
  workspaceId: credential.workspaceId,
  subjects: [{ kind: 'session', id: credential.sessionId }],
  decide: (known) => decideSession(credential, request, known),
});
