import { userId } from '@latchkey/kernel';
import { displayName, instant } from '@latchkey/platform';
import { z } from 'zod';
import { KEY_STATUSES, type KeyFilter } from '../../application/key-list-query';

const DAY_MS = 24 * 3_600_000;
const DAYS_MAX = 3_650;

const text = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must have no control characters');

const days = z
  .string()
  .regex(/^\d{1,4}$/, `must be a whole number from 1 to ${DAYS_MAX}`)
  .transform(Number)
  .pipe(z.number().min(1).max(DAYS_MAX));

/** Part of the name. */
export const namePart = displayName.optional();

/** Which keys a list shows, on every surface that lists keys by cursor. All that are given must hold. */
export const filterParameters = {
  scope: text.optional(),
  status: z.enum(KEY_STATUSES).optional(),
  created_by: text.transform(userId).optional(),
  tag: text.optional(),
  created_after: instant.optional(),
  created_before: instant.optional(),
  older_than_days: days.optional(),
  expires_after: instant.optional(),
  expires_before: instant.optional(),
  last_used_after: instant.optional(),
  last_used_before: instant.optional(),
  unused_for_days: days.optional(),
};

type FilterParameters = z.output<z.ZodObject<typeof filterParameters>>;

/** @param now what days are counted back from */
export function keyFilter(asked: Partial<FilterParameters>, now: Date): KeyFilter {
  const before = (count: number | undefined) =>
    count === undefined ? undefined : new Date(now.getTime() - count * DAY_MS);
  return given({
    scope: asked.scope,
    status: asked.status,
    userId: asked.created_by,
    tag: asked.tag,
    createdAfter: asked.created_after,
    createdBefore: earlier(asked.created_before, before(asked.older_than_days)),
    expiresAfter: asked.expires_after,
    expiresBefore: asked.expires_before,
    lastUsedAfter: asked.last_used_after,
    lastUsedBefore: asked.last_used_before,
    unusedSince: before(asked.unused_for_days),
  });
}

const earlier = (one: Date | undefined, other: Date | undefined): Date | undefined =>
  one !== undefined && other !== undefined ? (one < other ? one : other) : (one ?? other);

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without the fields that are undefined. */
const given = <Fields extends object>(fields: Fields): Given<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;
