import type { CredentialRef, KeySubject, KnownSubjects, SubjectRef, Verdict } from '@latchkey/contracts';
import { deny, needs, type AccessDenial, type AccessRequest, type Ending } from './access-request';
import { decideGranted } from './decide-granted';
import { bodyOf } from './known-subjects';

/** What a key's secret is judged by, as far as it says itself. */
export const subjectsOfKey = ({ keyId, workspaceId }: CredentialRef): readonly SubjectRef[] => [
  { kind: 'key', id: keyId },
  { kind: 'workspace', id: workspaceId },
];

/**
 * May this secret of a key pass? Pure: from the bodies that are known so far it says yes, no, or what else it must know. The key and its secret
 * must be live; the rest is `decideGranted`'s.
 */
export function decideAccess(
  credential: CredentialRef,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const key = bodyOf(known, 'key', credential.keyId);
  if (key === undefined) return needs(known, subjectsOfKey(credential));
  if (key?.workspaceId !== credential.workspaceId) return deny('unknown');
  const secret = key.secrets.find(({ number }) => number === credential.secretNumber);
  if (key.status === 'revoked' || !secret) return deny('revoked');
  if (key.status === 'suspended') return deny('suspended');
  const ending = endingOf(key, secret.graceUntilMs);
  return decideGranted({ granted: key, ending, windowKey: credential.keyId }, request, known);
}

/** The earlier of the key's expiry and the end of the secret's grace period. */
export function endingOf({ expiresAtMs }: KeySubject, graceUntilMs: number | null): Ending | null {
  if (graceUntilMs !== null && (expiresAtMs === null || graceUntilMs < expiresAtMs)) {
    return { atMs: graceUntilMs, reason: 'revoked' };
  }
  return expiresAtMs === null ? null : { atMs: expiresAtMs, reason: 'expired' };
}
