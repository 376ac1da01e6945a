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
  const isInUse = now.getTime() - lastUsedAt.getTime() <= Math.min(DAY_MS, graceMs(running) / 2);
  if (now < endsSoonFrom(running) || !isInUse || lastUsedAt < rotation.replacedAt) return [];
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

/** A secret that nobody has used since it was replaced is silent from then on. One that has no successor any more is all that the key has. */
export function endSilent(command: EndSilentSecret, state: KeyState): readonly KeyEvent[] {
  const { secretNumber, lastUsedAt, now } = command;
  const running = runningRotation(state, now);
  if (running?.rotation.oldSecretNumber !== secretNumber || liveSecrets(running.key, now).length < 2) return [];
  const { endsWhenSilentMs } = running.rotation;
  if (endsWhenSilentMs === null || now.getTime() - silentSince(running.rotation, lastUsedAt) < endsWhenSilentMs)
    return [];
  return [graceEnded(running.key, secretNumber, 'silent', now)];
}

/** In which something may come to be due at any moment: looks at it are a hundredth of it apart, a second at least, a quarter of an hour at most. */
const betweenLooks = (spanMs: number): number => Math.min(15 * 60_000, Math.max(1_000, spanMs / 100));

/**
 * When `noteStalled` or `endSilent` may decide something else than now, unless the key is changed before; at the end of the grace period at the
 * latest. `null`: there is no old secret any more.
 */
export function nextLook(state: KeyState, lastUsedAt: Date | null, now: Date): Date | null {
  if (state.status === 'None' || state.rotation === null) return null;
  const { oldSecretNumber, endsWhenSilentMs, stalled } = state.rotation;
  const graceUntil = liveSecrets(state, now).find(({ number }) => number === oldSecretNumber)?.graceUntil;
  if (!graceUntil) return null;
  const running = { key: state, rotation: state.rotation, graceUntil };
  const times = [graceUntil.getTime()];
  if (state.status === 'Active' && !stalled) {
    times.push(Math.max(endsSoonFrom(running).getTime(), now.getTime() + betweenLooks(graceMs(running))));
  }
  if (state.status === 'Active' && endsWhenSilentMs !== null) {
    const silentAt = silentSince(state.rotation, lastUsedAt) + endsWhenSilentMs;
    times.push(Math.max(silentAt, now.getTime() + betweenLooks(Math.min(graceMs(running), 10 * endsWhenSilentMs))));
  }
  return new Date(Math.min(...times));
}

interface RunningRotation {
  readonly key: Key;
  readonly rotation: Rotation;
  readonly graceUntil: NonNullable<HeldSecret['graceUntil']>;
}

const graceMs = ({ rotation, graceUntil }: RunningRotation): number =>
  graceUntil.getTime() - rotation.replacedAt.getTime();

/** The last day of the grace period, of a short one its last quarter. */
const endsSoonFrom = (running: RunningRotation): Date =>
  new Date(running.graceUntil.getTime() - Math.min(DAY_MS, graceMs(running) / 4));

const silentSince = ({ replacedAt }: Rotation, lastUsedAt: Date | null): number =>
  Math.max(replacedAt.getTime(), lastUsedAt?.getTime() ?? 0);

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
