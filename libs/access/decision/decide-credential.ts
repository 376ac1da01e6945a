import {
  isAccessTokenRef,
  isSessionRef,
  type CheckedRef,
  type KnownSubjects,
  type SubjectRef,
  type Verdict,
} from '@latchkey/contracts';
import type { AccessDenial, AccessRequest } from './access-request';
import { decideAccess, subjectsOfKey } from './decide-access';
import { decideAccessToken, subjectsOfAccessToken } from './decide-access-token';
import { decideSession, subjectsOfSession } from './decide-session';

/** May this credential pass, whatever it is? Pure: from the bodies that are known so far it says yes, no, or what else it must know. */
export function decideCredential(
  credential: CheckedRef,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  if (isSessionRef(credential)) return decideSession(credential, request, known);
  return isAccessTokenRef(credential)
    ? decideAccessToken(credential, request, known)
    : decideAccess(credential, request, known);
}

/** The subjects that a credential is judged by, as far as it names them itself. */
export function firstSubjectsOf(credential: CheckedRef): readonly SubjectRef[] {
  if (isSessionRef(credential)) return subjectsOfSession(credential);
  return isAccessTokenRef(credential) ? subjectsOfAccessToken(credential) : subjectsOfKey(credential);
}
