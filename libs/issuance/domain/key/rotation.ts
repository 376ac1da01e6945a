import { AppError } from '@latchkey/kernel';
import { rotateSecrets, type HeldSecret } from '@latchkey/access';
import { secretIdOf, type KeyEvent, type KeyGraceEnded } from '@latchkey/contracts';
import type { EndSilentSecret, NoteStalledRotation, RotateKey } from './commands';
import { refuseBeyondGrantor, refuseOthersKey } from './containment';
import { isExpired, liveSecrets, type Key, type KeyState, type Rotation } from './key';
import { active } from './standing';

/** The whole key must be within the grantor's own, and of the same user, because the reply hands its secret over. */
export function rotate(command: RotateKey, state: KeyState): readonly KeyEvent[] {
  const { replaces, lost, gracePeriodMs, endsWhenSilentMs, setScopes, grantor, now } = command;
  const key = active(state, now);
  refuseOthersKey(key, grantor);
  if (replaces !== key.lastSecretNumber) throw new AppError('stream.version_conflict');
  refuseBeyondGrantor(key, setScopes, grantor);
  const { ended, replaced, graceUntil } = rotateSecrets(key.secrets, replaces, { gracePeriodMs, lost, now });
  return [
    ...ended.map((number) => graceEnded(key, number, 'superseded', now)),
    {
      type: 'latchkey.key.rotated.v1',
      data: {
        oldSecretId: secretIdOf(key.keyId, replaced ?? key.lastSecretNumber),
        newSecretId: secretIdOf(key.keyId, key.lastSecretNumber + 1),
        gracePeriodSeconds: (graceUntil.getTime() - now.getTime()) / 1_000,
        graceUntil: graceUntil.toISOString(),
        rotatedAt: now.toISOString(),
        ...(endsWhenSilentMs !== null && { endsWhenSilentSeconds: endsWhenSilentMs / 1_000 }),
      },
    },
  ];
}

const DAY_MS = 24 * 3_600_000;

/** Nothing is noted twice, too early, or of an old secret that nobody uses any more. */
export function noteStalled({ lastUsedAt, now }: NoteStalledRotation, state: KeyState): readonly KeyEvent[] {
  const running = runningRotation(state, now);
  if (!running || running.rotation.stalled) return [];
  const { key, rotation, graceUntil } = running;
  const graceMs = graceUntil.getTime() - rotation.replacedAt.getTime();
  const endsSoon = graceUntil.getTime() - now.getTime() <= Math.min(DAY_MS, graceMs / 4);
  const isInUse = now.getTime() - lastUsedAt.getTime() <= Math.min(DAY_MS, graceMs / 2);
  if (!endsSoon || !isInUse || lastUsedAt < rotation.replacedAt) return [];
  return [
    {
      type: 'latchkey.key.rotation_stalled.v1',
      data: {
        ...{ name: key.name, userId: key.userId, oldSecretId: secretIdOf(key.keyId, rotation.oldSecretNumber) },
        graceUntil: graceUntil.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
      },
    },
  ];
}

/** A secret that nobody has used since it was replaced is silent from then on. */
export function endSilent(command: EndSilentSecret, state: KeyState): readonly KeyEvent[] {
  const { secretNumber, lastUsedAt, now } = command;
  const running = runningRotation(state, now);
  if (running?.rotation.oldSecretNumber !== secretNumber) return [];
  const { replacedAt, endsWhenSilentMs } = running.rotation;
  const silentSince = Math.max(replacedAt.getTime(), lastUsedAt?.getTime() ?? 0);
  if (endsWhenSilentMs === null || now.getTime() - silentSince < endsWhenSilentMs) return [];
  return [graceEnded(running.key, secretNumber, 'silent', now)];
}

interface RunningRotation {
  readonly key: Key;
  readonly rotation: Rotation;
  readonly graceUntil: NonNullable<HeldSecret['graceUntil']>;
}

/** `null`: no old secret passes. */
function runningRotation(state: KeyState, now: Date): RunningRotation | null {
  if (state.status !== 'Active' || state.rotation === null || isExpired(state, now)) return null;
  const { rotation } = state;
  const graceUntil = liveSecrets(state, now).find(({ number }) => number === rotation.oldSecretNumber)?.graceUntil;
  return graceUntil ? { key: state, rotation, graceUntil } : null;
}

const graceEnded = (
  { keyId }: Key,
  number: number,
  reason: NonNullable<KeyGraceEnded['data']['reason']>,
  now: Date,
): KeyGraceEnded => ({
  type: 'latchkey.key.grace_ended.v1',
  data: { secretId: secretIdOf(keyId, number), endedAt: now.toISOString(), reason },
});
