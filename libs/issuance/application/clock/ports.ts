import type { KeyId, WorkspaceId } from '@latchkey/kernel';
import type { KeyExpiryReminderSent } from '@latchkey/contracts';
import type { ExistingKey } from '../ports';

export interface DueKey {
  readonly keyId: KeyId;
  readonly workspaceId: WorkspaceId;
}

/** Place among all keys by their expiry. */
export interface ExpiryMark {
  readonly expiresAt: Date;
  /** Empty: before all that expire then. */
  readonly keyId: string;
}

export interface ExpiringKey extends DueKey {
  readonly expiresAt: Date;
}

/** A key with an old secret that is to be looked at. */
export interface DueRotation {
  readonly key: ExistingKey;
  /** Of the old secret; `null`: never. */
  readonly lastUsedAt: Date | null;
  /** When it was to be looked at. */
  readonly lookAt: Date;
}

/** How many days before the expiry of a key its user is reminded of it (S3-16). */
export type ReminderDays = KeyExpiryReminderSent['data']['daysBefore'];

/** What time brings about that no request does. Each answer costs the same, however many keys there are. */
export interface DueKeys {
  /** Runs `work`, unless another instance does; `false`: it did. Two at once would do no harm, but all of the work twice. */
  alone(work: () => Promise<void>): Promise<boolean>;
  /** Keys whose expiry has passed without being on record, the earliest first. */
  expired(now: Date, limit: number): Promise<readonly DueKey[]>;
  /** Keys beyond the mark for so many days that will have expired by `until`, the earliest first. */
  expiringBy(days: ReminderDays, until: Date, now: Date, limit: number): Promise<readonly ExpiringKey[]>;
  /** Those up to here have been looked at. */
  mark(days: ReminderDays, upTo: ExpiryMark): Promise<void>;
  /** Old secrets whose next look has come. */
  rotations(now: Date, limit: number): Promise<readonly DueRotation[]>;
  /** Unless it was changed since. `at`: `null`: the old secret has ended, and what is known of its users is forgotten. */
  lookAgain(rotation: DueRotation, at: Date | null): Promise<void>;
  /**
   * Up to when every use of a secret is known, by the record of decisions; `null`: nothing is heard of it. A node that is not heard of any more
   * holds it up for a day.
   */
  heardUntil(now: Date): Promise<Date | null>;
}
