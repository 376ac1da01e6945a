import type { MfaMethod } from '@latchkey/contracts';
import type { RequestId, Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type { ActiveUser } from '../domain/user/user';
import type { CaptchaOutcome } from './captcha-gate';
import type { Seen } from './session-ports';

/** A recovery code stands in for any of the others, and is not listed among them. */
export type SecondFactorMethod = MfaMethod | 'recovery_code';

export interface NewMfaChallenge {
  /** Has second factors, and was read before the password was verified. */
  readonly user: ActiveUser;
  readonly workspaceId: WorkspaceId;
  readonly seen: Seen;
  readonly requestId: RequestId;
}

/** The password was right; a second factor is still to be shown (S2-10). */
export interface MfaChallenge {
  readonly token: Secret;
  readonly methods: readonly MfaMethod[];
  readonly expiresAt: Date;
}

export interface MfaChallenges {
  /** Mails a code, where that is one of the user's second factors. @throws AppError `auth.rate_limited` */
  begin(challenge: NewMfaChallenge): Promise<MfaChallenge>;
}

export const SIGN_IN_OUTCOMES = [
  'succeeded',
  'second_factor_required',
  'wrong_password',
  /** Of a second factor. */
  'wrong_code',
  /** The second factor came too late, or too often. */
  'challenge_ended',
  'no_such_account',
  /** The account is there, but may do nothing anywhere. */
  'no_workspace',
  'rate_limited',
  'captcha_required',
  /** Something that it needs did not work. */
  'unavailable',
] as const;
export type SignInOutcome = (typeof SIGN_IN_OUTCOMES)[number];

/** What became of an attempt to sign in: more than its caller was told. */
export interface SignInAttempt {
  readonly outcome: SignInOutcome;
  /** `null`: not known. */
  readonly userId: UserId | null;
  readonly workspaceId: WorkspaceId | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly at: Date;
  readonly method: 'password' | SecondFactorMethod;
  readonly captcha: CaptchaOutcome;
}

/** For who operates the service. */
export interface SignInCounter extends SignInRecord {
  /** One that is in no record but this count. */
  unrecorded(): void;
}

/** Telemetry: it never fails, and nobody waits for it. */
export interface SignInRecord {
  record(attempt: SignInAttempt): void;
}
