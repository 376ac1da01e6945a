import type { Clock } from '@latchkey/kernel';
import type { AuthenticatedClient, ClientAuthentication, TokenEndpointRequest } from './client-authentication';
import { OauthError } from './oauth-error';
import type { IssuedToken, TokenIssuer } from './token-issuer';
import type { TokenRecord } from './token-record';

export const GRANT_TYPE = 'client_credentials';

/** The token endpoint (RFC 6749 §3.2, §4.4). */
export class IssueTokenHandler {
  constructor(
    private readonly authentication: ClientAuthentication,
    private readonly issuer: TokenIssuer,
    private readonly record: TokenRecord,
    private readonly clock: Clock,
  ) {}

  /** @throws OauthError, AppError `service.unavailable` */
  async execute(request: TokenEndpointRequest): Promise<IssuedToken> {
    const client = await this.authentication.authenticate(request);
    try {
      requireGrantType(request.form.get('grant_type'));
      const issued = await this.issuer.issue(client, request.form.get('scope'));
      this.#record(request, client, 'issued', issued);
      return issued;
    } catch (error) {
      this.#record(request, client, error instanceof OauthError ? error.error : 'unavailable');
      throw error;
    }
  }

  #record(
    { endpoint, ip, userAgent }: TokenEndpointRequest,
    { clientId, workspaceId, authenticated: method }: AuthenticatedClient,
    outcome: string,
    issued?: IssuedToken,
  ): void {
    this.record.record({
      timeMs: this.clock.now().getTime(),
      ...{ outcome, endpoint, method, clientId, workspaceId },
      jti: issued?.jti ?? null,
      scopes: [...(issued?.scopes ?? [])],
      expiresAtMs: issued?.expiresAtMs ?? null,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
    });
  }
}

function requireGrantType(grantType: string | undefined): void {
  if (grantType === undefined) throw new OauthError('invalid_request', 'The grant_type is missing.');
  if (grantType !== GRANT_TYPE) {
    throw new OauthError('unsupported_grant_type', `The only grant_type here is ${GRANT_TYPE}.`);
  }
}
