import type { MfaMethod } from '@latchkey/contracts';
import type { Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type { MailMessage, Transaction } from './ports';

/** Codes of authenticator apps: RFC 6238 with what every app knows, SHA-1, six digits and steps of 30 s. */
export interface TotpCodes {
  /** 160 random bits in base32 (RFC 4226 §4, R6). */
  newSeed(): Secret;
  /** What an app reads from a QR code, with the seed in it. @param account as the app shows it */
  uriOf(seed: Secret, account: string): Secret;
  /** The step whose code this is: the one of `now`, or a neighbour of it, as clocks differ. `null`: of none of the three. */
  stepOf(seed: Secret, code: Secret, now: Date): number | null;
}

export interface QrCodes {
  /** A picture of the text, as a `data:` URI. */
  dataUri(text: Secret): Promise<Secret>;
}

/** Random codes, and what is kept of them: digests under a key, as six digits are found from any other in no time. */
export interface Codes {
  /** Six digits. */
  oneTimeCode(): Secret;
  recoveryCode(): Secret;
  /** @param purpose what the code is good for: its digest is another one elsewhere */
  digestOf(code: Secret, purpose: string): Uint8Array;
  /** In constant time. */
  matches(code: Secret, purpose: string, digest: Uint8Array): boolean;
}

/** What users have shown to have. Kept where it can be erased; seeds are sealed. */
export interface SecondFactors {
  /** `null`: the user has no authenticator. */
  seedOf(userId: UserId): Promise<Secret | null>;
  /** `null` removes it. */
  setSeed(tx: Transaction, userId: UserId, seed: Secret | null): Promise<void>;
  /**
   * Of a code that was right, as a part of what it lets the user do: of all that are of one step, one is taken, ever, and none of an
   * earlier step after it.
   * @returns whether this one is
   */
  claimStep(tx: Transaction, userId: UserId, step: number): Promise<boolean>;
  hasRecoveryCode(userId: UserId, digest: Uint8Array): Promise<boolean>;
  /** Of several at once, one uses it. @returns whether this one did */
  useRecoveryCode(tx: Transaction, userId: UserId, digest: Uint8Array): Promise<boolean>;
  /** In the place of those that there are. */
  setRecoveryCodes(tx: Transaction, userId: UserId, digests: readonly Uint8Array[]): Promise<void>;
}

/** Somebody has shown the password, and is to show a second factor. */
export interface PendingChallenge {
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** The user's, when the password was looked at: a challenge ends with the sessions. */
  readonly generation: number;
  /** Digest of the code that was mailed; `null`: none was. */
  readonly emailCode: Uint8Array | null;
  readonly expiresAt: Date;
}

export interface NewChallenge extends PendingChallenge {
  readonly token: Secret;
  /** With the code; sent if the challenge is kept. */
  readonly mail: MailMessage | null;
  readonly begunAt: Date;
}

/** Challenges by their tokens, of which only digests are kept. */
export interface MfaChallengeStore {
  keep(challenge: NewChallenge): Promise<void>;
  /** `null`: there is none, it was used or has expired. */
  find(token: Secret, now: Date): Promise<PendingChallenge | null>;
  /** Takes one of its few attempts, for good, before the code is looked at. @returns false when none is left */
  charge(token: Secret, now: Date): Promise<boolean>;
  /** As a part of what it lets the user do. Of several at once, one uses it. @returns whether this one did */
  use(tx: Transaction, token: Secret): Promise<boolean>;
}

/** A second factor that its user has yet to show for the first time. */
export interface PendingEnrolment {
  readonly enrolmentId: string;
  readonly userId: UserId;
  /** The user's, when the password was shown: it ends with the sessions. */
  readonly generation: number;
  readonly expiresAt: Date;
  readonly factor:
    | { readonly method: 'totp'; readonly seed: Secret }
    /** Digest of the code that was mailed. */
    | { readonly method: 'email'; readonly emailCode: Uint8Array };
}

/** At most one for each user and method: whoever begins again ends the one before. */
export interface MfaEnrolments {
  /** With the mail that belongs to it, in one transaction. */
  keep(enrolment: PendingEnrolment, mail: MailMessage | null): Promise<void>;
  /** `null`: there is none, or it has expired. */
  find(userId: UserId, method: MfaMethod, now: Date): Promise<PendingEnrolment | null>;
  /** As `MfaChallengeStore.charge`. */
  charge(enrolmentId: string, now: Date): Promise<boolean>;
  /** As `MfaChallengeStore.use`. */
  use(tx: Transaction, enrolmentId: string): Promise<boolean>;
}
