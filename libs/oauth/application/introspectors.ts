import { coversScope, extractCredential } from '@latchkey/access';
import { workspaceId, type Secret } from '@latchkey/kernel';
import type { AuthenticatedClient, ClientAuthentication, TokenEndpointRequest } from './client-authentication';
import { lookAt, type CredentialCheck } from './credential-check';
import type { Introspector } from './introspection';
import { OauthError } from './oauth-error';

/** Who has it may ask about every credential of its workspace, as at the check (C22). */
const CALLER_SCOPE = 'enforcement:check';

/**
 * Who may introspect (RFC 7662 §2.1): a client, by any method of authentication; or whoever shows, as Bearer, an API key or an access token that may
 * ask for checks. Nobody else.
 */
export class Introspectors {
  constructor(
    private readonly clients: Pick<ClientAuthentication, 'authenticate'>,
    private readonly access: CredentialCheck,
  ) {}

  /**
   * @throws OauthError as `ClientAuthentication.authenticate`; 401 `invalid_token` and `insufficient_scope` for a Bearer (RFC 7662 §2.3)
   * @throws AppError `auth.unavailable` when nobody could tell
   */
  async admit(request: TokenEndpointRequest): Promise<Introspector> {
    const { form, authorization } = request;
    // Two ways at once are refused where clients are authenticated.
    const showsClient = form.has('client_secret') || form.has('client_assertion') || form.has('client_assertion_type');
    const bearer = showsClient ? null : bearerIn(authorization);
    return bearer === null ? introspectorOf(await this.clients.authenticate(request)) : this.#ofBearer(bearer, request);
  }

  /** By the rules of any check, with the address that it comes from. Its own limits count nothing: a service must not lose its answers to them. */
  async #ofBearer(bearer: Secret, { ip }: TokenEndpointRequest): Promise<Introspector> {
    const about = { scopes: [CALLER_SCOPE], ...(ip !== undefined && { ip }) };
    const result = await lookAt(this.access, bearer.reveal(), about);
    if (result?.reason === 'scope_missing')
      throw new OauthError('insufficient_scope', `The token lacks the scope ${CALLER_SCOPE}.`);
    // A session is a person's, in a browser.
    if (!result?.allowed || result.principal === null || result.principal.kind === 'session')
      throw new OauthError('invalid_token', 'The token is not good for this.');
    return { workspaceId: workspaceId(result.principal.workspace_id), onlyOwn: null };
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
