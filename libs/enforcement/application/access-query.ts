import { decideCredential, firstSubjectsOf, type AccessDenial, type AccessRequest } from '@latchkey/access';
import type { CheckedRef } from '@latchkey/contracts';
import type { LiveQuery } from '@latchkey/live-state';

/** May this credential pass? As live state is asked. */
export const accessQuery = (credential: CheckedRef, request: AccessRequest): LiveQuery<AccessDenial> => ({
  workspaceId: credential.workspaceId,
  subjects: firstSubjectsOf(credential),
  decide: (known) => decideCredential(credential, request, known),
});
