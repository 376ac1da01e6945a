import type { Secret } from '@latchkey/kernel';

export type PasswordVerdict =
  | { readonly matches: false }
  /** `rehashed`: to be kept instead, as the parameters have changed since the password was set; else `null`. */
  | { readonly matches: true; readonly rehashed: Secret | null };

/** Costs much by intention, so it is bounded: what comes on top is refused, and says when to come again. */
export interface PasswordHasher {
  /**
   * @param password as prepared
   * @param signal of a caller who may go away; whoever still waits leaves the queue then
   * @throws AppError `service.unavailable` with `retryAfterSeconds`
   */
  hash(password: Secret, signal?: AbortSignal): Promise<Secret>;
  /** `null`, of an account that there is not, takes the same work and never matches. Throws as `hash` does. */
  verify(hash: Secret | null, password: Secret, signal?: AbortSignal): Promise<PasswordVerdict>;
}

export interface CommonPasswords {
  /** In lower case. */
  isCommon(this: void, password: string): boolean;
}
