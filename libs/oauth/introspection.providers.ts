import { systemClock } from '@latchkey/kernel';
import { nodeSha256 } from './adapters/node-signing-machinery';
import { PromTokenCounter } from './adapters/prom-token-counter';
import { RecordedTokens } from './application/access-token-telemetry';
import { AddressLimits } from './application/address-limits';
import { ClientAuthentication } from './application/client-authentication';
import { Introspection } from './application/introspection';
import { Introspectors } from './application/introspectors';
import { KeyEnds } from './application/key-ends';
import type { TokenRecord } from './application/token-record';
import { given, type OauthOptions, type OauthPart } from './oauth-options';
import { CREDENTIAL_CHECK, TokenStatusEndpoints } from './token-status-endpoints';

/** Introspection and revocation, and the record that every endpoint writes to. */
export const introspectionPart = (options: OauthOptions): OauthPart => {
  const { accessTokens, metrics, introspection: access, reader, clock = systemClock } = options;
  return {
    controllers: [],
    providers: [
      given(RecordedTokens, new RecordedTokens(accessTokens, new PromTokenCounter(metrics))),
      { provide: CREDENTIAL_CHECK, useValue: access },
      given(Introspection, new Introspection(access, new KeyEnds(reader))),
      {
        provide: Introspectors,
        inject: [ClientAuthentication, AddressLimits, RecordedTokens],
        useFactory: (clients: ClientAuthentication, addresses: AddressLimits, record: TokenRecord) =>
          new Introspectors({ clients, access, addresses, sha256: nodeSha256, record, clock }),
      },
      TokenStatusEndpoints,
    ],
  };
};
