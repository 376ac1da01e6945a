import type { Provider } from '@nestjs/common';
import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { UuidV7Source } from '@latchkey/platform';
import { JwsAccessTokenSigner } from './adapters/jws-access-token-signer';
import { NodeSigningMachinery, nodeSha256 } from './adapters/node-signing-machinery';
import { PostgresClientCredentials } from './adapters/postgres-client-credentials';
import { PostgresSigningKeys } from './adapters/postgres-signing-keys';
import { PostgresUsedAssertions } from './adapters/postgres-used-assertions';
import { RecordedTokens } from './application/access-token-telemetry';
import { AddressLimits } from './application/address-limits';
import { ClientAssertions } from './application/client-assertions';
import { ClientAuthentication } from './application/client-authentication';
import { ClientSecrets } from './application/client-secrets';
import { IssueTokenHandler } from './application/issue-token.handler';
import { SigningKeyring } from './application/signing-keyring';
import { TokenIssuer } from './application/token-issuer';
import type { TokenRecord } from './application/token-record';
import { given, type OauthOptions, type OauthPart } from './oauth-options';
import { TOKEN_TERMS, TokenEndpoints } from './token-endpoints';

/** Failed authentications from one address in any minute, after which only who is known here goes on. */
const FAILURES_PER_MINUTE = 60;

/** Signing keys, and the endpoint that issues access tokens. */
export function tokensPart(options: OauthOptions): OauthPart {
  const { dataSource, issuer, audience, clock = systemClock, ids = new UuidV7Source() } = options;
  const keyring = signingKeyring(options);
  const used = new PostgresUsedAssertions(dataSource);
  const issuing = new TokenIssuer({ signer: new JwsAccessTokenSigner(keyring), issuer, audience, ids, clock });
  const providers: Provider[] = [
    { provide: TOKEN_TERMS, useValue: { issuer, clock } },
    given(SigningKeyring, keyring),
    given(PostgresUsedAssertions, used),
    {
      provide: ClientAuthentication,
      inject: [RecordedTokens],
      useFactory: (record: TokenRecord) => authentication(options, used, record),
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
  { dataSource, peppers, liveAccess, issuer, tokensPerMinute, requestsPerMinute, clock = systemClock }: OauthOptions,
  used: PostgresUsedAssertions,
  record: TokenRecord,
): ClientAuthentication {
  const credentials = new PostgresClientCredentials(dataSource, peppers);
  return new ClientAuthentication({
    secrets: new ClientSecrets(credentials, nodeSha256),
    assertions: new ClientAssertions({ keys: credentials, used, issuer, clock, usesPerMinute: tokensPerMinute }),
    addresses: new AddressLimits({ requestsPerMinute, failuresPerMinute: FAILURES_PER_MINUTE, clock }),
    ...{ liveAccess, tokensPerMinute, record, clock },
  });
}
