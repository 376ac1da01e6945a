import { coversScope, extractCredential, networkOf } from '@latchkey/access';
import type { CheckResult } from '@latchkey/contracts';
import { RecentlyUsed, workspaceId, type Clock, type Secret } from '@latchkey/kernel';
import type { AddressLimits } from './address-limits';
import type { AuthenticatedClient, ClientAuthentication, TokenEndpointRequest } from './client-authentication';
import { lookAt, type CredentialCheck } from './credential-check';
import type { Introspector } from './introspection';
import { OauthError } from './oauth-error';
import type { Sha256 } from './ports-tokens';
import { tooManyRequests } from './refusal';
import type { TokenRecord } from './token-record';

/** Who has it may ask about every credential of its workspace, as at the check (C22). */
const CALLER_SCOPE = 'enforcement:check';
/** Credentials, of some 100 bytes each. */
const REMEMBERED_MAX = 10_000;

export interface IntrospectorsParts {
  readonly clients: Pick<ClientAuthentication, 'authenticate'>;
  readonly access: CredentialCheck;
  readonly addresses: Pick<AddressLimits, 'attempt'>;
  readonly sha256: Sha256;
  readonly record: TokenRecord;
  readonly clock: Clock;
}

/** A Bearer of which a check has said that it may ask, or why it may not: the true reason, and what it is told. */
type Judged =
  | { readonly kind: 'admitted'; readonly introspector: Introspector }
  | { readonly kind: 'refused'; readonly outcome: string; readonly error: OauthError; readonly of: CheckResult | null };

/**
 * Who may introspect (RFC 7662 §2.1): a client, by any method of authentication; or whoever shows, as Bearer, an API key or an access token that may
 * ask for checks. Nobody else.
 */
export class Introspectors {
  /** By digest: whether a Bearer that was good here once was good the last time. */
  readonly #known = new RecentlyUsed<boolean>(REMEMBERED_MAX);

  constructor(private readonly parts: IntrospectorsParts) {}

  /**
   * @throws OauthError as `ClientAuthentication.authenticate`; 401 `invalid_token` and `insufficient_scope` for a Bearer (RFC 7662 §2.3), 429
   * `temporarily_unavailable`. What it throws is in the record.
   * @throws AppError `auth.unavailable` when nobody could tell
   */
  async admit(request: TokenEndpointRequest): Promise<Introspector> {
    const { form, authorization } = request;
    // Two ways at once are refused where clients are authenticated.
    const showsClient = form.has('client_secret') || form.has('client_assertion') || form.has('client_assertion_type');
    const bearer = showsClient ? null : bearerIn(authorization);
    if (bearer === null) return introspectorOf(await this.parts.clients.authenticate(request));
    const judged = await this.#ofBearer(bearer, request);
    if (judged.kind === 'admitted') return judged.introspector;
    this.#record(request, judged);
    throw judged.error;
  }

  /** Who was good here goes on, whatever others at the same address do, until it is refused. */
  async #ofBearer(bearer: Secret, { ip }: TokenEndpointRequest): Promise<Judged> {
    const name = String.fromCharCode(...this.parts.sha256(bearer.reveal()));
    const known = this.#known.get(name);
    const trying = { network: networkOf(ip), name };
    const judged =
      known === true
        ? await this.#judge(bearer, ip)
        : await this.parts.addresses.attempt(
            trying,
            () => this.#judge(bearer, ip),
            ({ kind }) => kind === 'refused',
          );
    if (judged.kind === 'too_many')
      return { kind: 'refused', outcome: 'rate_limited', error: tooManyRequests(judged.retryAfterSeconds), of: null };
    const isGood = judged.kind === 'admitted';
    if (isGood || known !== undefined) this.#known.put(name, isGood);
    return judged;
  }

  /** By the rules of any check, with the address that it comes from. Its own limits count nothing: a service must not lose its answers to them. */
  async #judge(bearer: Secret, ip: string | undefined): Promise<Judged> {
    const about = { scopes: [CALLER_SCOPE], ...(ip !== undefined && { ip }) };
    const of = await lookAt(this.parts.access, bearer.reveal(), about);
    if (of?.reason === 'scope_missing') {
      const error = new OauthError('insufficient_scope', `The token lacks the scope ${CALLER_SCOPE}.`);
      return { kind: 'refused', outcome: of.reason, error, of };
    }
    // A session is a person's, in a browser.
    if (of?.allowed && of.principal !== null && of.principal.kind !== 'session')
      return { kind: 'admitted', introspector: { workspaceId: workspaceId(of.principal.workspace_id), onlyOwn: null } };
    const error = new OauthError('invalid_token', 'The token is not good for this.');
    return { kind: 'refused', outcome: of?.allowed ? 'session' : (of?.reason ?? 'unknown'), error, of };
  }

  #record({ endpoint, ip, userAgent }: TokenEndpointRequest, { outcome, of }: Extract<Judged, { kind: 'refused' }>) {
    const principal = of?.principal ?? null;
    this.parts.record.record({
      timeMs: this.parts.clock.now().getTime(),
      ...{ outcome, endpoint, method: 'bearer' },
      clientId: principal?.kind === 'client' ? principal.id : null,
      workspaceId: principal?.workspace_id ?? null,
      ...{ jti: null, scopes: [], expiresAtMs: null, ip: ip ?? null, userAgent: userAgent ?? null },
    });
  }
}

const introspectorOf = ({ workspaceId: id, clientId, profile, scopes }: AuthenticatedClient): Introspector => ({
  workspaceId: id,
  onlyOwn: coversScope(profile, scopes, CALLER_SCOPE) ? null : clientId,
});

/** Null: another scheme, or something that no token can be. */
function bearerIn(authorization: string | undefined): Secret | null {
  const found = extractCredential({ headers: { authorization } }, ['bearer']);
  return found.kind === 'found' ? found.credential : null;
}
