import type { CheckResult, DenialReason } from '@latchkey/contracts';
import { AppError, type ErrorCode } from '@latchkey/kernel';

interface Answer {
  readonly code: ErrorCode;
  /** The catalogue's text when absent. */
  readonly public?: string;
}

/** The true reason of a 401 is for the audit; a caller without a live credential learns nothing from it (C17). */
const unauthorized: Answer = { code: 'auth.unauthorized' };
const forbidden = (text: string): Answer => ({ code: 'auth.forbidden', public: text });

const scopeMissing = (scopes: readonly string[]): Answer =>
  forbidden(`The credential lacks a scope that this needs: ${scopes.join(', ')}.`);

const ANSWERS: Readonly<Record<Exclude<DenialReason, 'scope_missing'>, Answer>> = {
  missing: unauthorized,
  unknown: unauthorized,
  revoked: unauthorized,
  expired: unauthorized,
  // Told to nobody but who holds a token that was good (C17).
  token_expired: { code: 'auth.token_expired' },
  suspended: unauthorized,
  ip_not_allowed: forbidden('The credential may not be used from this address.'),
  asset_not_allowed: forbidden('The credential may not use this asset.'),
  mfa_required: { code: 'auth.mfa_required' },
  rate_limited: { code: 'auth.rate_limited' },
  multiple_credentials: { code: 'request.multiple_credentials' },
  unavailable: { code: 'auth.unavailable' },
};

const RETRY_AFTER_SECONDS = 1;

/** What the caller of a denied call gets; `scopes` are those that the route asks for. */
export function denialOf({ reason, retry_after }: CheckResult, scopes: readonly string[]): AppError {
  const answer = reason === 'scope_missing' ? scopeMissing(scopes) : ANSWERS[reason ?? 'unavailable'];
  const retryAfterSeconds = retry_after ?? (answer.code === 'auth.unavailable' ? RETRY_AFTER_SECONDS : undefined);
  return new AppError(answer.code, {
    internal: `denied: ${reason ?? 'without a reason'}`,
    ...(answer.public !== undefined && { public: answer.public }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}
