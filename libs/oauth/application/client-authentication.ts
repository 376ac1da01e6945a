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
import type { ClientIdentification } from './client-identification';
import type { Form } from './form';
import { OauthError } from './oauth-error';
import { invalidClient, refusal, tooManyRequests, unavailable, type Refusal } from './refusal';
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
  readonly clients: ClientIdentification;
  readonly liveAccess: LiveAccess;
  readonly addresses: AddressLimits;
  /** Tokens for one client in any minute; as many may it revoke. */
  readonly tokensPerMinute: number;
  readonly record: TokenRecord;
  readonly clock: Clock;
}

type Attempt = { readonly kind: 'authenticated'; readonly client: AuthenticatedClient } | Refusal;

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
    this.#record(request, attempt);
    throw attempt.error;
  }

  async #attempt(request: TokenEndpointRequest): Promise<Attempt> {
    const network = networkOf(request.ip);
    if (request.endpoint === 'token') {
      const refused = this.parts.addresses.request(network);
      if (refused) return refusal('rate_limited', tooManyRequests(refused.retryAfterSeconds));
    }
    let shown: ShownCredentials | null = null;
    try {
      shown = shownCredentials(request.form, request.authorization);
      if (shown === null) return refusal('missing', invalidClient());
      const identified = await this.parts.clients.identify(shown, network);
      return identified.kind === 'refused' ? identified : await this.#decide(identified.shown, shown.method, request);
    } catch (error) {
      if (error instanceof OauthError) return refusal(error.error, error);
      if (isAppError(error, 'service.unavailable')) return refusal('unavailable', unavailable(), shown?.method ?? null);
      throw error;
    }
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

function refusalBy(outcome: Outcome<AccessDenial>, method: AuthenticationMethod, shown: ShownByClient): Refusal | null {
  switch (outcome.kind) {
    case 'allowed':
      return null;
    case 'unavailable':
      return refusal('unavailable', unavailable(), method, shown);
    case 'limited':
      return refusal(
        'rate_limited',
        tooManyRequests(Math.max(1, Math.ceil(outcome.retryAfterMs / 1_000))),
        method,
        shown,
      );
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
