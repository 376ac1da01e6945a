import { denialReasonAt, extractCredential } from '@latchkey/access';
import { isSessionRef, type CheckedRef, type DenialReason } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import { accessQuery } from './access-query';
import {
  certifiedCaller,
  UNRESTRICTED,
  type Callers,
  type AdmittedCaller,
  type CallerVerdict,
  type PresentedCaller,
  type RefusedCaller,
} from './callers';
import { STATUS_OF_DENIAL } from './check-result';
import type { PresentedCredentials } from './presented-credentials';
import { secretOf } from './recorded-decision';
import { CALLER_SCOPE, type RefusalReport } from './refused-callers';

export interface TokenCallersParts {
  readonly credentials: Pick<PresentedCredentials, 'find'>;
  readonly liveAccess: LiveAccess;
  readonly refusals: RefusalReport;
  /** Told of failures that nobody expects; the caller is told `unavailable`. */
  readonly onError: (error: unknown) => void;
}

const UNAUTHENTICATED: RefusedCaller = { verdict: 'unauthenticated' };
const FORBIDDEN: RefusedCaller = { verdict: 'forbidden' };
const UNAVAILABLE: RefusedCaller = { verdict: 'unavailable' };

/** What was shown in a turn of the event loop, and by how many calls. */
interface Shown {
  readonly verdict: Promise<CallerVerdict>;
  calls: number;
}

/** Why a token lets nobody in. */
interface Refusal {
  readonly reason: DenialReason;
  readonly credential: CheckedRef | null;
}

/**
 * Callers by what they show: a service token, which is an API key or an access token with the scope `enforcement:check` and lets its holder ask about its own
 * workspace; else a certificate of the installation; else nothing, where `open` says so. A token counts wherever it is shown: one that has
 * ended shall be noticed, not passed over.
 */
export class TokenCallers implements Callers {
  /** Of this turn of the event loop, by what was shown: a thousand calls cost one look. */
  readonly #asked = new Map<string, Shown>();

  /** `open`: whether who shows nothing may ask, which only an address of this machine alone allows. */
  constructor(
    private readonly parts: TokenCallersParts,
    private readonly open: boolean,
  ) {}

  admit(caller: PresentedCaller): CallerVerdict | Promise<CallerVerdict> {
    const { authorization } = caller;
    if (authorization === undefined) return this.#withoutToken(caller);
    // Not before it is needed: to tell it takes as long as a tenth of a check.
    const { ip } = caller;
    const shown = `${ip ?? ''} ${authorization}`;
    let asked = this.#asked.get(shown);
    if (asked === undefined) {
      asked = { verdict: this.#ask(shown, authorization, ip), calls: 0 };
      this.#asked.set(shown, asked);
    }
    asked.calls += 1;
    return asked.verdict;
  }

  #withoutToken(caller: PresentedCaller): CallerVerdict {
    const { certificate } = caller;
    if (certificate !== null) return certifiedCaller(certificate);
    if (this.open) return UNRESTRICTED;
    this.parts.refusals.refused({ reason: 'missing', credential: null, ip: caller.ip, calls: 1 });
    return UNAUTHENTICATED;
  }

  /** Looks when the turn is over: nobody may share an answer that is older than its own call. */
  #ask(shown: string, authorization: string, ip: string | undefined): Promise<CallerVerdict> {
    return new Promise((resolve) => {
      setImmediate(() => {
        const calls = this.#asked.get(shown)?.calls ?? 1;
        this.#asked.delete(shown);
        resolve(this.#verdictOn(authorization, ip, calls));
      });
    });
  }

  async #verdictOn(authorization: string, ip: string | undefined, calls: number): Promise<CallerVerdict> {
    const verified = await this.#verify(authorization, ip);
    if ('verdict' in verified) return verified;
    this.parts.refusals.refused({ ...verified, ip, calls });
    return refusalFor(verified.reason);
  }

  async #verify(authorization: string, ip: string | undefined): Promise<AdmittedCaller | Refusal> {
    let credential: CheckedRef | null = null;
    try {
      credential = await this.#credentialIn(authorization, ip);
      return credential === null ? { reason: 'unknown', credential } : await this.#decide(credential, ip);
    } catch (error) {
      if (!isAppError(error, 'service.unavailable')) this.parts.onError(error);
      return { reason: 'unavailable', credential };
    }
  }

  async #credentialIn(authorization: string, ip: string | undefined): Promise<CheckedRef | null> {
    const found = extractCredential({ headers: { authorization } }, ['bearer']);
    if (found.kind !== 'found') return null;
    const credential = await this.parts.credentials.find(found.credential.reveal(), ip ?? '');
    // A session is a person's, and no service's.
    return typeof credential === 'string' || isSessionRef(credential) ? null : credential;
  }

  /** By the same rules as any check, but it counts nothing: its own limit must not end a service's checks. */
  async #decide(credential: CheckedRef, ip: string | undefined): Promise<AdmittedCaller | Refusal> {
    const query = accessQuery(credential, { scopes: [CALLER_SCOPE], ...(ip !== undefined && { ip }) });
    const outcome = await this.parts.liveAccess.decide({
      ...query,
      decide: (known) => {
        const verdict = query.decide(known);
        return verdict.kind === 'allow' ? { ...verdict, windows: [] } : verdict;
      },
    });
    switch (outcome.kind) {
      case 'allowed':
        return {
          verdict: 'admitted',
          workspaceId: credential.workspaceId,
          caller: { kind: 'token', secret: secretOf(credential) },
        };
      case 'denied':
        return { reason: denialReasonAt(outcome.denial, outcome.nowMs), credential };
      case 'limited':
      case 'unavailable':
        return { reason: 'unavailable', credential };
    }
  }
}

function refusalFor(reason: DenialReason): RefusedCaller {
  const status = STATUS_OF_DENIAL[reason];
  if (status === 401) return UNAUTHENTICATED;
  return status === 403 ? FORBIDDEN : UNAVAILABLE;
}
