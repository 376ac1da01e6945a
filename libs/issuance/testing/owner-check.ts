import { decideByOwners, denialReasonAt, parseAccessToken, parseSessionToken, principalOf } from '@latchkey/access';
import {
  type CheckedRef,
  type CheckRequest,
  type CheckResult,
  type CredentialResolver,
  type DenialReason,
  type SubjectReader,
} from '@latchkey/contracts';
import type { CheckClient } from '@latchkey/guard';
import type { Clock } from '@latchkey/kernel';
import { createHash } from 'node:crypto';

const STATUS: Partial<Record<DenialReason, number>> = { scope_missing: 403, ip_not_allowed: 403, mfa_required: 403 };

/** The check by its own rules, without caches and windows: every subject is asked of its owner. */
export class OwnerCheck implements CheckClient {
  constructor(
    private readonly credentials: CredentialResolver,
    private readonly reader: SubjectReader,
    private readonly clock: Clock,
  ) {}

  async check(request: CheckRequest): Promise<CheckResult> {
    const nowMs = this.clock.now().getTime();
    const credential = await this.#find(request.credential);
    if (!credential) return this.#denied('unknown');
    const { verdict, known } = await decideByOwners(this.reader, credential, request);
    if (verdict.kind === 'deny') return this.#denied(denialReasonAt(verdict.denial, nowMs));
    if (verdict.notAfterMs !== null && nowMs >= verdict.notAfterMs) return this.#denied(verdict.ended.reason);
    return {
      ...this.#denied('unknown'),
      allowed: true,
      reason: null,
      status: 200,
      principal: principalOf(credential, known),
    };
  }

  async #find(credential: string): Promise<CheckedRef | null> {
    const hash = createHash('sha256').update(credential);
    const session = parseSessionToken(credential);
    if (session) return { ...session, tokenSha256: hash.digest('hex') };
    const accessToken = parseAccessToken(credential);
    return accessToken?.token ?? (await this.credentials.resolve([hash.digest()]))[0] ?? null;
  }

  #denied(reason: DenialReason): CheckResult {
    return {
      allowed: false,
      reason,
      status: STATUS[reason] ?? 401,
      principal: null,
      limits: [],
      headers: {},
      checked_at: this.clock.now().toISOString(),
      via: 'owner',
    };
  }
}
