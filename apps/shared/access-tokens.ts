import { variables } from '@latchkey/platform';

/** Variables of a process that issues access tokens, or takes them: all of one installation must agree on what they say. */
export const accessTokenVariables = {
  OAUTH_ISSUER: variables.OAUTH_ISSUER.optional(),
  OAUTH_AUDIENCE: variables.OAUTH_AUDIENCE.optional(),
  PUBLIC_URL: variables.PUBLIC_URL.optional(),
};

/** Of one that issues them. */
export const tokenEndpointVariables = {
  ...accessTokenVariables,
  OAUTH_SIGNING_ALG: variables.OAUTH_SIGNING_ALG,
  OAUTH_TOKENS_PER_MINUTE: variables.OAUTH_TOKENS_PER_MINUTE,
  OAUTH_REQUESTS_PER_MINUTE: variables.OAUTH_REQUESTS_PER_MINUTE,
};

export interface AccessTokenConfig {
  readonly OAUTH_ISSUER?: string | undefined;
  readonly OAUTH_AUDIENCE?: string | undefined;
  readonly PUBLIC_URL?: string | undefined;
}

export interface TokenEndpointConfig extends AccessTokenConfig {
  readonly OAUTH_SIGNING_ALG: 'RS256' | 'ES256';
  readonly OAUTH_TOKENS_PER_MINUTE: number;
  readonly OAUTH_REQUESTS_PER_MINUTE: number;
}

/** What stands in each access token, and is demanded of each, character by character. */
export interface AccessTokenTerms {
  readonly issuer: string;
  readonly audience: string;
}

/** Where an installation is reached whose configuration does not say it. */
const EDGE_URL = 'http://127.0.0.1:8080';

export function accessTokenTerms(config: AccessTokenConfig, ownUrl = EDGE_URL): AccessTokenTerms {
  const issuer = config.OAUTH_ISSUER ?? config.PUBLIC_URL ?? ownUrl;
  return { issuer, audience: config.OAUTH_AUDIENCE ?? issuer };
}

/** How they are issued. */
export const tokenEndpoint = (config: TokenEndpointConfig, ownUrl?: string) => ({
  ...accessTokenTerms(config, ownUrl),
  signingAlgorithm: config.OAUTH_SIGNING_ALG,
  tokensPerMinute: config.OAUTH_TOKENS_PER_MINUTE,
  requestsPerMinute: config.OAUTH_REQUESTS_PER_MINUTE,
});
