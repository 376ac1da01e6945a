import type { ErrorCode } from '@latchkey/kernel';

export const SIGN_IN_REFUSALS = [
  'auth.unauthorized',
  'auth.captcha_required',
  'auth.rate_limited',
] as const satisfies readonly ErrorCode[];

/** Of the second step. */
export const MFA_REFUSALS = [
  'auth.unauthorized',
  'auth.rate_limited',
  'mfa.wrong_code',
  'mfa.challenge_ended',
  'mfa.not_enrolled',
  'mfa.no_recovery_code',
] as const satisfies readonly ErrorCode[];
