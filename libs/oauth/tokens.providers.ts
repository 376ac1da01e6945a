import { randomUUID } from 'node:crypto';
import type { Provider } from '@nestjs/common';
import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { JwsAccessTokenSigner } from './adapters/jws-access-token-signer';
import { NodeSigningMachinery, nodeSha256 } from './adapters/node-signing-machinery';
import { PostgresClientCredentials } from './adapters/postgres-client-credentials';
import { PostgresSigningKeys } from './adapters/postgres-signing-keys';
import { PostgresUsedAssertions } from './adapters/postgres-used-assertions';
import { RecordedTokens } from './application/access-token-telemetry';
import { AddressLimits } from './application/address-limits';
import { ClientAssertions } from './application/client-assertions';
import { ClientAuthentication } from './application/client-authentication';
import { ClientIdentification } from './application/client-identification';
import { ClientSecrets } from './application/client-secrets';
import { IssueTokenHandler } from './application/issue-token.handler';
import { SigningKeyring } from './application/signing-keyring';
import { TokenIssuer } from './application/token-issuer';
import type { TokenRecord } from './application/token-record';
import { given, type OauthOptions, type OauthPart } from './oauth-options';
import { TOKEN_TERMS, TokenEndpoints } from './token-endpoints';

/** Failures from one address in any minute, and of those in one name, after which only who is known here goes on. */
const FAILURES = { failuresPerMinute: 120, failuresOfOnePerMinute: 30 };

/** Nothing sorts tokens by their `jti`, and Node has random bytes for these in store: others take 3 % of a token's time. */
const RANDOM_IDS = { next: () => randomUUID() };

/** Signing keys, and the endpoint that issues access tokens. */
export function tokensPart(options: OauthOptions): OauthPart {
  const { dataSource, issuer, audience, clock = systemClock, ids = RANDOM_IDS } = options;
  const keyring = signingKeyring(options);
  const used = new PostgresUsedAssertions(dataSource);
  const issuing = new TokenIssuer({ signer: new JwsAccessTokenSigner(keyring), issuer, audience, ids, clock });
  const providers: Provider[] = [
    { provide: TOKEN_TERMS, useValue: { issuer, clock } },
    given(SigningKeyring, keyring),
    given(PostgresUsedAssertions, used),
    given(AddressLimits, addressLimits(options)),
    {
      provide: ClientAuthentication,
      inject: [RecordedTokens, AddressLimits],
      useFactory: (record: TokenRecord, addresses: AddressLimits) => authentication(options, used, record, addresses),
    },
    {
      provide: IssueTokenHandler,
      inject: [ClientAuthentication, RecordedTokens],
      useFactory: (clients: ClientAuthentication, record: TokenRecord) =>
        new IssueTokenHandler(clients, issuing, record, clock),
    },
    TokenEndpoints,
  ];
  return { controllers: [], providers };
}

const addressLimits = ({ requestsPerMinute, clock = systemClock }: OauthOptions): AddressLimits =>
  new AddressLimits({ requestsPerMinute, ...FAILURES, clock });

const signingKeyring = ({
  dataSource,
  subjects,
  settlement,
  masterKey,
  signingAlgorithm: algorithm,
  clock = systemClock,
}: OauthOptions): SigningKeyring =>
  new SigningKeyring({
    store: new PostgresSigningKeys(dataSource, new PostgresEventStore(dataSource), subjects, masterKey),
    machinery: new NodeSigningMachinery(),
    ...{ settlement, clock, algorithm },
  });

function authentication(
  { dataSource, peppers, liveAccess, issuer, tokensPerMinute, clock = systemClock }: OauthOptions,
  used: PostgresUsedAssertions,
  record: TokenRecord,
  addresses: AddressLimits,
): ClientAuthentication {
  const credentials = new PostgresClientCredentials(dataSource, peppers);
  const secrets = new ClientSecrets(credentials, nodeSha256);
  const assertions = new ClientAssertions({ keys: credentials, used, issuer, clock, usesPerMinute: tokensPerMinute });
  const clients = new ClientIdentification({ secrets, assertions, addresses, clock });
  return new ClientAuthentication({ clients, addresses, liveAccess, tokensPerMinute, record, clock });
}
