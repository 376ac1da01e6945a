import type { UserId } from '@latchkey/kernel';
import type { KeyReach } from './key-reaches';

/** As keys are shown: one that has ended is `revoked` or `expired`, whether or not it was suspended before. */
export const KEY_STATUSES = ['active', 'suspended', 'expired', 'revoked'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** Which keys are meant; what is absent excludes none. A time is excluded itself, and a key without such a time is no match for it. */
export interface KeyFilter {
  /** Part of the name, with Latin letters in upper or lower case. */
  readonly name?: string;
  /** In any spelling of the profile: keys that were granted this very scope. */
  readonly scope?: string;
  readonly status?: KeyStatus;
  /** Whose keys. */
  readonly userId?: UserId;
  readonly tag?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  readonly expiresAfter?: Date;
  readonly expiresBefore?: Date;
  readonly lastUsedAfter?: Date;
  readonly lastUsedBefore?: Date;
  /** Keys that nobody has used since then; of one that nobody has ever used, that was made before. */
  readonly unusedSince?: Date;
  /** Keys whose newest secret was created before this. */
  readonly secretBefore?: Date;
}

/** `name` goes by code points; a key that never expires, or was never used, comes as if it did so after, or before, all others. */
export type KeySort = 'created' | 'name' | 'expires' | 'last_used' | 'secret';

export interface KeyOrder {
  readonly by: KeySort;
  readonly direction: 'asc' | 'desc';
}

/** Place in a list: the last key before it, by what the list is sorted by. Ties by id, in the same direction. */
export interface KeyPosition {
  /** An instant in ISO 8601, or the name; `null` for one without expiry, or that was never used. */
  readonly value: string | null;
  readonly id: string;
}

export interface KeySelection {
  readonly reach: KeyReach;
  /** Scopes in it are canonical. */
  readonly filter: KeyFilter;
  /** Without the revoked ones. */
  readonly liveOnly: boolean;
  /** What is expired, and what is not. */
  readonly now: Date;
  /** Waits behind no search; `false` when absent. */
  readonly urgent?: boolean;
}

export interface KeyListQuery extends KeySelection {
  readonly order: KeyOrder;
  readonly limit: number;
}
