import type { Secret, UserId } from '@latchkey/kernel';
import type { EmailAddress } from '../domain/email-address';
import type { Transaction } from './ports';

export type PasswordVerdict =
  | { readonly matches: false }
  /** `rehashed`: to be kept instead, as the parameters have changed since the password was set; else `null`. */
  | { readonly matches: true; readonly rehashed: Secret | null };

/** Who waits for a password to be hashed. */
export interface HashingCaller {
  /** As `networkOf` has it. Networks share the hasher: none holds up another. Absent: whoever operates the service. */
  readonly network?: string | undefined;
  /** Of a caller who may go away; whoever still waits leaves the queue then. */
  readonly signal?: AbortSignal | undefined;
}

/** Costs much by intention, so it is bounded: what comes on top is refused, and says when to come again. */
export interface PasswordHasher {
  /**
   * @param password as prepared
   * @throws AppError `service.unavailable` with `retryAfterSeconds`
   */
  hash(password: Secret, caller?: HashingCaller): Promise<Secret>;
  /** `null`, of an account that there is not, takes the same work and never matches. Throws as `hash` does. */
  verify(hash: Secret | null, password: Secret, caller?: HashingCaller): Promise<PasswordVerdict>;
}

export interface CommonPasswords {
  /** In lower case. */
  isCommon(this: void, password: string): boolean;
}

/** Hashes of passwords, kept where they can be erased. */
export interface PasswordStore {
  /** `null`: the user has none. */
  find(userId: UserId): Promise<Secret | null>;
  /** As a part of the transaction that records it. Links to reset the one before end with it. */
  set(tx: Transaction, userId: UserId, hash: Secret, at: Date): Promise<void>;
  /** The same password, hashed anew; nothing when another one was set meanwhile. */
  rehash(userId: UserId, before: Secret, after: Secret): Promise<void>;
}

export interface PasswordReset {
  readonly userId: UserId;
  readonly email: EmailAddress;
  readonly token: Secret;
  readonly expiresAt: Date;
}

/** Links that let a user set a new password without the old one. Of a token, only the digest is kept. */
export interface PasswordResets {
  /** Mails the link, and ends the one before. */
  begin(reset: PasswordReset): Promise<void>;
  /** Whose link it is; `null`: nobody's, or it has been used or has expired. */
  find(token: Secret, now: Date): Promise<UserId | null>;
  /** As a part of a transaction. Of several at once, one uses it. @returns whether this one did */
  use(tx: Transaction, token: Secret, now: Date): Promise<boolean>;
}
