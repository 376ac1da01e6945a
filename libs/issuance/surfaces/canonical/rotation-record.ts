import { secretIdOf } from '@latchkey/contracts';
import { timestamp, timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { KeyWithOldSecretUsers } from '../../application/read-rotation.query';
import type { UsesOfSecret } from '../../application/uses/old-secret-users';
import { liveSecrets } from '../../domain/key/key';

const usesSchema = z.strictObject({ first_used: timestampText, last_used: timestampText, count: z.number() });

/** Whether it is safe by now that an old secret ends. All of it is null or empty while none is in a grace period. */
export const rotationSchema = z
  .strictObject({
    rotating: z.boolean(),
    old_secret_id: z.string().nullable(),
    replaced_at: timestampText.nullable(),
    grace_until: timestampText.nullable(),
    ends_when_silent_hours: z.number().nullable(),
    /** It is in use shortly before it ends, and the key's user has been told. */
    stalled: z.boolean(),
    /** The latest first. An address or a program that nobody told is null. */
    used_by: z.array(usesSchema.extend({ ip: z.string().nullable(), user_agent: z.string().nullable() })),
    /** All who are too many to be told apart. */
    used_by_others: usesSchema.nullable(),
  })
  .meta({ id: 'Rotation' });

export type RotationRecord = Reply<typeof rotationSchema>;

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

const usesRecord = ({ firstUsedAt, lastUsedAt, count }: UsesOfSecret): Reply<typeof usesSchema> => ({
  first_used: timestamp(firstUsedAt),
  last_used: timestamp(lastUsedAt),
  count,
});
