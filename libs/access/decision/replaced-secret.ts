import { isAccessTokenRef, isSessionRef, type CheckedRef, type KnownSubjects } from '@latchkey/contracts';
import { endingOf } from './decide-access';
import { bodyOf } from './known-subjects';

/** A key's secret that has a successor and passes for a while yet. */
export interface ReplacedSecret {
  /** Unix ms at which its successor came; undefined of one that was replaced before that was kept. */
  readonly replacedAtMs: number | undefined;
  /** Unix ms at which it passes no more: the end of its grace period, or of its key if that comes first. */
  readonly endsAtMs: number;
}

/** Null: the credential is a key's current secret, or no key's at all. */
export function replacedSecret(credential: CheckedRef, known: KnownSubjects): ReplacedSecret | null {
  if (isSessionRef(credential) || isAccessTokenRef(credential)) return null;
  const key = bodyOf(known, 'key', credential.keyId);
  const secret = key?.secrets.find(({ number }) => number === credential.secretNumber);
  if (!key || !secret || secret.graceUntilMs === null) return null;
  const endsAtMs = endingOf(key, secret.graceUntilMs)?.atMs ?? secret.graceUntilMs;
  return { replacedAtMs: secret.replacedAtMs, endsAtMs };
}
