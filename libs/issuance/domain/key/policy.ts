import { AppError } from '@latchkey/kernel';
import type { KeyPolicy } from '@latchkey/contracts';

const DAY_MS = 24 * 3_600_000;

export interface KeyLife {
  readonly createdAt: Date;
  /** `null`: never. */
  readonly expiresAt: Date | null;
}

/**
 * What a workspace demands of the life of its keys, from the day on which it demands it: keys that were made before stay as they are.
 * @throws AppError `key.expiry_required`, `key.lifetime_too_long`, with the field
 */
export function refuseAgainstPolicy({ expiryRequired, maxLifetimeDays }: KeyPolicy, life: KeyLife): void {
  const { createdAt, expiresAt } = life;
  if (expiresAt === null) {
    if (expiryRequired || maxLifetimeDays !== null) throw new AppError('key.expiry_required', { field: 'expires_at' });
    return;
  }
  if (maxLifetimeDays === null || expiresAt.getTime() - createdAt.getTime() <= maxLifetimeDays * DAY_MS) return;
  throw new AppError('key.lifetime_too_long', {
    field: 'expires_at',
    public: `Keys of this workspace expire at most ${maxLifetimeDays} days after they were made.`,
  });
}
