import { denialReasonAt, extractCredential, parseKey, type AccessDenial } from '@latchkey/access';
import type { CredentialRef } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import { accessQuery } from './access-query';
import { UNRESTRICTED, type Callers, type CallerVerdict, type PresentedCaller } from './callers';
import { STATUS_OF_DENIAL } from './check-result';
import type { CredentialDirectory } from './credential-directory';
import type { Sha256 } from './ports';

export interface TokenCallersParts {
  readonly credentials: Pick<CredentialDirectory, 'find'>;
  readonly liveAccess: LiveAccess;
  readonly sha256: Sha256;
  /** Told of failures that nobody expects; the caller is told `unavailable`. */
  readonly onError: (error: unknown) => void;
}

/** What a service token must be allowed to do (C22). */
const SCOPE = 'enforcement:check';

const UNAUTHENTICATED: CallerVerdict = { verdict: 'unauthenticated' };
const FORBIDDEN: CallerVerdict = { verdict: 'forbidden' };
const UNAVAILABLE: CallerVerdict = { verdict: 'unavailable' };

/**
 * Callers by what they show: a service token, which is an API key with the scope `enforcement:check` and lets its holder ask about its own
 * workspace; else a certificate of the installation; else nothing, where `open` says so. A token counts wherever it is shown: one that has
 * ended shall be noticed, not passed over.
 */
export class TokenCallers implements Callers {
  /** Of this turn of the event loop, by what was shown: a thousand calls cost one look. */
  readonly #asked = new Map<string, Promise<CallerVerdict>>();

  /** `open`: whether who shows nothing may ask, which only an address of this machine alone allows. */
  constructor(
    private readonly parts: TokenCallersParts,
    private readonly open: boolean,
  ) {}

  admit(caller: PresentedCaller): CallerVerdict | Promise<CallerVerdict> {
    const { authorization } = caller;
    if (authorization === undefined) return this.open || caller.certified ? UNRESTRICTED : UNAUTHENTICATED;
    // Not before it is needed: to tell it takes as long as a tenth of a check.
    const { ip } = caller;
    const shown = `${ip ?? ''} ${authorization}`;
    const asked = this.#asked.get(shown) ?? this.#ask(shown, authorization, ip);
    this.#asked.set(shown, asked);
    return asked;
  }

  /** Looks when the turn is over: nobody may share an answer that is older than its own call. */
  #ask(shown: string, authorization: string, ip: string | undefined): Promise<CallerVerdict> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#asked.delete(shown);
        resolve(this.#verify(authorization, ip));
      });
    });
  }

  async #verify(authorization: string, ip: string | undefined): Promise<CallerVerdict> {
    try {
      const credential = await this.#credentialIn(authorization);
      return credential === null ? UNAUTHENTICATED : await this.#decide(credential, ip);
    } catch (error) {
      if (!isAppError(error, 'service.unavailable')) this.parts.onError(error);
      return UNAVAILABLE;
    }
  }

  async #credentialIn(authorization: string): Promise<CredentialRef | null> {
    const found = extractCredential({ headers: { authorization } }, ['bearer']);
    if (found.kind !== 'found') return null;
    const token = found.credential.reveal();
    // No I/O for a text that cannot be a key.
    return parseKey(token).kind === 'key' ? this.parts.credentials.find(this.parts.sha256(token)) : null;
  }

  /** By the same rules as any check, but it counts nothing: its own limit must not end a service's checks. */
  async #decide(credential: CredentialRef, ip: string | undefined): Promise<CallerVerdict> {
    const query = accessQuery(credential, { scopes: [SCOPE], ...(ip !== undefined && { ip }) });
    const outcome = await this.parts.liveAccess.decide({
      ...query,
      decide: (known) => {
        const verdict = query.decide(known);
        return verdict.kind === 'allow' ? { ...verdict, windows: [] } : verdict;
      },
    });
    switch (outcome.kind) {
      case 'allowed':
        return { verdict: 'admitted', workspaceId: credential.workspaceId };
      case 'denied':
        return refusalFor(outcome.denial, outcome.nowMs);
      case 'limited':
      case 'unavailable':
        return UNAVAILABLE;
    }
  }
}

function refusalFor(denial: AccessDenial, nowMs: number): CallerVerdict {
  const status = STATUS_OF_DENIAL[denialReasonAt(denial, nowMs)];
  if (status === 401) return UNAUTHENTICATED;
  return status === 403 ? FORBIDDEN : UNAVAILABLE;
}
