import { secretIdOf } from '@latchkey/contracts';
import { timestamp } from '@latchkey/platform';
import type { KeyWithOldSecretUsers } from '../../application/read-rotation.query';
import type { UsesOfSecret } from '../../application/uses/old-secret-users';
import { liveSecrets } from '../../domain/key/key';

interface UsesRecord {
  readonly first_used: string;
  readonly last_used: string;
  readonly count: number;
}

/** Whether it is safe by now that an old secret ends. All of it is null or empty while none is in a grace period. */
export interface RotationRecord {
  readonly rotating: boolean;
  readonly old_secret_id: string | null;
  readonly replaced_at: string | null;
  readonly grace_until: string | null;
  readonly ends_when_silent_hours: number | null;
  /** It is in use shortly before it ends, and the key's user has been told. */
  readonly stalled: boolean;
  /** The latest first. An address or a program that nobody told is null. */
  readonly used_by: readonly (UsesRecord & { readonly ip: string | null; readonly user_agent: string | null })[];
  /** All who are too many to be told apart. */
  readonly used_by_others: UsesRecord | null;
}

const HOUR_MS = 3_600_000;

const NONE: RotationRecord = {
  rotating: false,
  ...{ old_secret_id: null, replaced_at: null, grace_until: null, ends_when_silent_hours: null },
  ...{ stalled: false, used_by: [], used_by_others: null },
};

export function rotationRecord({ key, users }: KeyWithOldSecretUsers, now: Date): RotationRecord {
  const { rotation } = key;
  const old = liveSecrets(key, now).find(({ number }) => number === rotation?.oldSecretNumber);
  if (!rotation || !old?.graceUntil) return NONE;
  return {
    rotating: true,
    old_secret_id: secretIdOf(key.keyId, old.number),
    replaced_at: timestamp(rotation.replacedAt),
    grace_until: timestamp(old.graceUntil),
    ends_when_silent_hours: rotation.endsWhenSilentMs && rotation.endsWhenSilentMs / HOUR_MS,
    stalled: rotation.stalled,
    used_by: users.each.map((user) => ({ ip: user.ip, user_agent: user.userAgent, ...usesRecord(user) })),
    used_by_others: users.others && usesRecord(users.others),
  };
}

const usesRecord = ({ firstUsedAt, lastUsedAt, count }: UsesOfSecret): UsesRecord => ({
  first_used: timestamp(firstUsedAt),
  last_used: timestamp(lastUsedAt),
  count,
});
