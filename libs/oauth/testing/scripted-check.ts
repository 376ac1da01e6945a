import type { CheckRequest, CheckResult, DenialReason, Principal } from '@latchkey/contracts';
import type { CredentialCheck } from '../application/credential-check';

const STATUS: Partial<Record<DenialReason, number>> = {
  ip_not_allowed: 403,
  scope_missing: 403,
  asset_not_allowed: 403,
  mfa_required: 403,
  unavailable: 503,
};

/** An answer as enforcement gives it. */
export function checkResult(outcome: Principal | DenialReason): CheckResult {
  const reason = typeof outcome === 'string' ? outcome : null;
  return {
    allowed: reason === null,
    reason,
    status: reason === null ? 200 : (STATUS[reason] ?? 401),
    principal: typeof outcome === 'string' ? null : outcome,
    limits: [],
    headers: {},
    checked_at: '2026-04-28T12:00:00.000Z',
    via: 'cache',
  };
}

/** Enforcement as it was told to answer, credential by credential. */
export class ScriptedCheck implements CredentialCheck {
  readonly asked: CheckRequest[] = [];
  readonly #answers = new Map<string, Principal | DenialReason>();

  answer(credential: string, outcome: Principal | DenialReason): void {
    this.#answers.set(credential, outcome);
  }

  check(request: CheckRequest): Promise<CheckResult> {
    this.asked.push(request);
    return Promise.resolve(checkResult(this.#answers.get(request.credential) ?? 'unknown'));
  }
}
