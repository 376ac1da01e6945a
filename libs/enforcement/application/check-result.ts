import { denialReasonAt, principalOf, replacedSecret, type AccessDenial } from '@latchkey/access';
import { type CheckedRef, type CheckResult, type DenialReason, type LimitState } from '@latchkey/contracts';
import type { Outcome, WindowState } from '@latchkey/live-state';
import { limitHeaders, wholeSeconds } from './limit-headers';
import { replacedSecretHeaders } from './replaced-secret-headers';

/** What the calling service should answer (C17). */
export const STATUS_OF_DENIAL: Readonly<Record<DenialReason, number>> = {
  missing: 401,
  unknown: 401,
  revoked: 401,
  expired: 401,
  token_expired: 401,
  suspended: 401,
  ip_not_allowed: 403,
  scope_missing: 403,
  asset_not_allowed: 403,
  mfa_required: 403,
  rate_limited: 429,
  multiple_credentials: 400,
  unavailable: 503,
};

const UNAVAILABLE_RETRY_SECONDS = 1;

/** RFC 6750 §3: a call without credentials gets no error code. One challenge for everything else, so that it tells nothing (C17). */
function challenge(reason: DenialReason): Readonly<Record<string, string>> {
  if (STATUS_OF_DENIAL[reason] !== 401) return {};
  return { 'WWW-Authenticate': reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"' };
}

/** A denial before, or instead of, an answer of live state. */
export function refused(reason: DenialReason, nowMs: number, via: CheckResult['via']): CheckResult {
  const retryAfter = reason === 'unavailable' ? UNAVAILABLE_RETRY_SECONDS : undefined;
  return {
    allowed: false,
    reason,
    status: STATUS_OF_DENIAL[reason],
    principal: null,
    limits: [],
    ...(retryAfter !== undefined && { retry_after: retryAfter }),
    headers: { ...challenge(reason), ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }) },
    checked_at: new Date(nowMs).toISOString(),
    via,
  };
}

type KnownOutcome = Exclude<Outcome<AccessDenial>, { kind: 'unavailable' }>;

/** The answer to a check of a known credential. To whoever has not proved to have it, it says nothing more of it. */
export function resultOf(outcome: KnownOutcome, credential: CheckedRef): CheckResult {
  const result = answerTo(outcome, credential);
  if (result.principal === null) return result;
  const replaced = replacedSecret(credential, outcome.subjects);
  return replaced === null ? result : { ...result, headers: { ...result.headers, ...replacedSecretHeaders(replaced) } };
}

function answerTo(outcome: KnownOutcome, credential: CheckedRef): CheckResult {
  switch (outcome.kind) {
    case 'denied': {
      const reason = denialReasonAt(outcome.denial, outcome.nowMs);
      // Who presents an ended credential has not proved to be anybody.
      const principal = STATUS_OF_DENIAL[reason] === 401 ? null : principalOf(credential, outcome.subjects);
      return { ...refused(reason, outcome.nowMs, outcome.via), principal };
    }
    case 'limited': {
      const retryAfter = Math.max(1, wholeSeconds(outcome.retryAfterMs));
      return {
        ...refused('rate_limited', outcome.nowMs, outcome.via),
        principal: principalOf(credential, outcome.subjects),
        limits: outcome.windows.map(limitState),
        retry_after: retryAfter,
        headers: { ...limitHeaders(outcome.windows, outcome.nowMs), 'Retry-After': String(retryAfter) },
      };
    }
    case 'allowed': {
      const principal = principalOf(credential, outcome.subjects);
      // Nobody in particular may not pass, whatever live state says.
      if (principal === null) return refused('unavailable', outcome.nowMs, outcome.via);
      return {
        allowed: true,
        reason: null,
        status: 200,
        principal,
        limits: outcome.windows.map(limitState),
        headers: limitHeaders(outcome.windows, outcome.nowMs),
        checked_at: new Date(outcome.nowMs).toISOString(),
        via: outcome.via,
      };
    }
  }
}

const limitState = ({ name, limit, remaining, resetAtMs }: WindowState): LimitState => ({
  name,
  limit,
  remaining,
  reset_at: wholeSeconds(resetAtMs),
});
