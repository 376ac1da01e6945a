import {
  clientGrant,
  decideClient,
  denialReasonAt,
  networkOf,
  subjectsOfClient,
  type AccessDenial,
  type ClientRequest,
  type Profile,
  type ShownByClient,
} from '@latchkey/access';
import type { ClientSubject } from '@latchkey/contracts';
import { isAppError, type ClientId, type Clock, type WorkspaceId } from '@latchkey/kernel';
import type { LiveAccess, Outcome, Window } from '@latchkey/live-state';
import type { AddressLimits } from './address-limits';
import type { ClientAssertions } from './client-assertions';
import type { ClientSecrets } from './client-secrets';
import type { Form } from './form';
import { OauthError } from './oauth-error';
import { shownCredentials, type AuthenticationMethod, type ShownCredentials } from './shown-credentials';
import type { TokenRecord } from './token-record';

export type OauthEndpoint = 'token' | 'introspection' | 'revocation';

/** A request at one of OAuth's endpoints. */
export interface TokenEndpointRequest {
  readonly endpoint: OauthEndpoint;
  readonly form: Form;
  /** The header of that name. */
  readonly authorization: string | undefined;
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
}

/** Who asks, as everything stood at some moment since the request came. */
export interface AuthenticatedClient {
  readonly clientId: ClientId;
  readonly workspaceId: WorkspaceId;
  readonly subject: ClientSubject;
  /** Canonical: what it may be given a token for, as far as the role of its member goes. */
  readonly scopes: readonly string[];
  readonly profile: Profile;
  readonly authenticated: AuthenticationMethod;
}

export interface ClientAuthenticationParts {
  readonly secrets: ClientSecrets;
  readonly assertions: ClientAssertions;
  readonly liveAccess: LiveAccess;
  readonly addresses: AddressLimits;
  /** Tokens for one client in any minute; as many may it revoke. */
  readonly tokensPerMinute: number;
  readonly record: TokenRecord;
  readonly clock: Clock;
}

/** Why not: the true reason for the record, and what the client is told. */
interface Refusal {
  readonly kind: 'refused';
  readonly outcome: string;
  readonly error: OauthError;
  readonly method: AuthenticationMethod | null;
  /** Whose what was shown is, as far as that is certain. */
  readonly shown: ShownByClient | null;
}

type Attempt = { readonly kind: 'authenticated'; readonly client: AuthenticatedClient } | Refusal;
/** Whose what was shown is. Whether it is still good is not asked yet. */
type Identified = { readonly kind: 'identified'; readonly shown: ShownByClient } | Refusal;

/** Of an assertion too many. */
const ASSERTIONS_RETRY_SECONDS = 10;

/** One answer for all that is wrong with a client, so that it tells nothing (C17). */
const invalidClient = () => new OauthError('invalid_client', 'Client authentication failed.');
const tooMany = (retryAfterSeconds: number) =>
  new OauthError('temporarily_unavailable', 'Too many requests.', { status: 429, retryAfterSeconds });
const unavailable = () =>
  new OauthError('temporarily_unavailable', 'The client cannot be checked right now.', { retryAfterSeconds: 1 });

/** Client authentication (RFC 6749 §2.3) for every endpoint that wants it. */
export class ClientAuthentication {
  readonly #tokenWindows: readonly Window[];

  constructor(private readonly parts: ClientAuthenticationParts) {
    this.#tokenWindows = [{ name: 'minute', limit: parts.tokensPerMinute, lengthMs: 60_000 }];
  }

  /**
   * At the token endpoint a token is counted with it.
   * @throws OauthError `invalid_request`, `invalid_client`, `unauthorized_client` (not from this address), `temporarily_unavailable` (429:
   * too many; 503). What it throws is in the record.
   */
  async authenticate(request: TokenEndpointRequest): Promise<AuthenticatedClient> {
    const attempt = await this.#attempt(request);
    if (attempt.kind === 'authenticated') return attempt.client;
    if (attempt.error.error === 'invalid_client') this.parts.addresses.failed(request.ip);
    this.#record(request, attempt);
    throw attempt.error;
  }

  async #attempt(request: TokenEndpointRequest): Promise<Attempt> {
    if (request.endpoint === 'token') {
      const verdict = this.parts.addresses.request(request.ip);
      if (!verdict.allowed) return refusal('rate_limited', tooMany(verdict.retryAfterSeconds));
    }
    let shown: ShownCredentials | null = null;
    try {
      shown = shownCredentials(request.form, request.authorization);
      if (shown === null) return refusal('missing', invalidClient());
      const identified = await this.#identify(shown, request);
      return identified.kind === 'refused' ? identified : await this.#decide(identified.shown, shown.method, request);
    } catch (error) {
      if (error instanceof OauthError) return refusal(error.error, error);
      if (isAppError(error, 'service.unavailable')) return refusal('unavailable', unavailable(), shown?.method ?? null);
      throw error;
    }
  }

  async #identify(shown: ShownCredentials, request: TokenEndpointRequest): Promise<Identified> {
    const { method } = shown;
    if (shown.method === 'private_key_jwt') {
      const verdict = this.parts.addresses.mayFail(request.ip);
      if (!verdict.allowed) return refusal('rate_limited', tooMany(verdict.retryAfterSeconds), method);
      const judged = await this.parts.assertions.verify(shown.assertion, shown.clientId, networkOf(request.ip));
      if (judged.kind === 'good') return { kind: 'identified', shown: judged.shown };
      const error = judged.reason === 'rate_limited' ? tooMany(ASSERTIONS_RETRY_SECONDS) : invalidClient();
      return refusal(judged.reason, error, method, judged.shown);
    }
    // Who is known here goes on, whatever others at the same address do.
    let found = this.parts.secrets.remembered(shown.secret);
    if (found === null) {
      const verdict = this.parts.addresses.mayFail(request.ip);
      if (!verdict.allowed) return refusal('rate_limited', tooMany(verdict.retryAfterSeconds), method);
      found = await this.parts.secrets.ask(shown.secret, networkOf(request.ip));
    }
    if (found?.clientId !== shown.clientId) return refusal('unknown', invalidClient(), method);
    return { kind: 'identified', shown: found };
  }

  async #decide(
    shown: ShownByClient,
    method: AuthenticationMethod,
    { endpoint, ip }: TokenEndpointRequest,
  ): Promise<Attempt> {
    const asked: ClientRequest = {
      ip,
      // A revocation is a write. What is only asked must not end where a service asks it on every call.
      windows: endpoint === 'introspection' ? [] : this.#tokenWindows,
      windowKey: endpoint === 'revocation' ? `tokens:revoked:${shown.clientId}` : `tokens:${shown.clientId}`,
    };
    const outcome = await this.parts.liveAccess.decide<AccessDenial>({
      workspaceId: shown.workspaceId,
      subjects: subjectsOfClient(shown),
      decide: (known) => decideClient(shown, asked, known),
    });
    const refused = refusalBy(outcome, method, shown);
    if (refused !== null) return refused;
    const grant = outcome.kind === 'allowed' ? clientGrant(shown, outcome.subjects) : null;
    // Nobody in particular is authenticated as nobody, whatever live state says.
    if (grant === null) return refusal('unavailable', unavailable(), method, shown);
    const { client: subject, profile, scopes } = grant;
    const { clientId, workspaceId } = shown;
    return {
      kind: 'authenticated',
      client: { clientId, workspaceId, subject, scopes, profile, authenticated: method },
    };
  }

  #record({ endpoint, ip, userAgent }: TokenEndpointRequest, { outcome, method, shown }: Refusal): void {
    this.parts.record.record({
      timeMs: this.parts.clock.now().getTime(),
      ...{ outcome, endpoint, method },
      clientId: shown?.clientId ?? null,
      workspaceId: shown?.workspaceId ?? null,
      ...{ jti: null, scopes: [], expiresAtMs: null },
      ip: ip ?? null,
      userAgent: userAgent ?? null,
    });
  }
}

const refusal = (
  outcome: string,
  error: OauthError,
  method: AuthenticationMethod | null = null,
  shown: ShownByClient | null = null,
): Refusal => ({ kind: 'refused', outcome, error, method, shown });

function refusalBy(outcome: Outcome<AccessDenial>, method: AuthenticationMethod, shown: ShownByClient): Refusal | null {
  switch (outcome.kind) {
    case 'allowed':
      return null;
    case 'unavailable':
      return refusal('unavailable', unavailable(), method, shown);
    case 'limited':
      return refusal('rate_limited', tooMany(Math.max(1, Math.ceil(outcome.retryAfterMs / 1_000))), method, shown);
    case 'denied': {
      const reason = denialReasonAt(outcome.denial, outcome.nowMs);
      if (reason === 'unavailable') return refusal(reason, unavailable(), method, shown);
      const error =
        reason === 'ip_not_allowed'
          ? new OauthError('unauthorized_client', 'The client may not ask from this address.')
          : invalidClient();
      return refusal(reason, error, method, shown);
    }
  }
}
