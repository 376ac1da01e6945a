import { PromTokenCounter } from './adapters/prom-token-counter';
import { RecordedTokens } from './application/access-token-telemetry';
import { given, type OauthOptions, type OauthPart } from './oauth-options';
import { CREDENTIAL_CHECK, TokenStatusEndpoints } from './token-status-endpoints';

/** Introspection and revocation, and the record that every endpoint writes to. */
export const introspectionPart = ({ accessTokens, metrics, introspection }: OauthOptions): OauthPart => ({
  controllers: [],
  providers: [
    given(RecordedTokens, new RecordedTokens(accessTokens, new PromTokenCounter(metrics))),
    { provide: CREDENTIAL_CHECK, useValue: introspection },
    TokenStatusEndpoints,
  ],
});
