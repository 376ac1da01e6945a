import { TOPICS } from '@latchkey/contracts';
import { TopicReader } from '@latchkey/event-bus';
import { IssuedSecrets, PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { ListCursors, UuidV7Source } from '@latchkey/platform';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { IssuedClients } from './adapters/issued-clients';
import { PostgresClientList } from './adapters/postgres-client-list';
import { PostgresClientStore } from './adapters/postgres-client-store';
import { PostgresClientUses } from './adapters/postgres-client-uses';
import { ChangeClientHandler } from './application/change-client.handler';
import { ClientLifeHandler } from './application/client-life.handler';
import { Grantors } from './application/grantors';
import { NoteClientUses } from './application/note-client-uses';
import { ReadClientsQuery } from './application/read-clients.query';
import { RegisterClientHandler } from './application/register-client.handler';
import { RevokeAccessTokenHandler } from './application/revoke-access-token.handler';
import { RotateClientSecretHandler } from './application/rotate-client-secret.handler';
import { given, type OauthOptions, type OauthPart } from './oauth-options';
import { ClientsController } from './surfaces/canonical/clients.controller';
import { CLOCK } from './surfaces/tokens';

/** Applications: their commands and their list. */
export function clientsPart(options: OauthOptions): OauthPart {
  const { dataSource, subjects, settlement, peppers, clock = systemClock, ids = new UuidV7Source() } = options;
  const requests = new IssuedClients(new IssuedSecrets(dataSource, 'client_id'), subjects);
  const events = new PostgresEventStore(dataSource);
  const list = new PostgresClientList(dataSource);
  const clients = new PostgresClientStore({ events, list, subjects, peppers });
  const grantors = new Grantors(options.reader, clock);
  const random = new CryptoRandomness();
  return {
    controllers: [ClientsController],
    providers: [
      { provide: CLOCK, useValue: clock },
      given(ListCursors, new ListCursors(options.cursors, 'created_at:desc')),
      given(RegisterClientHandler, new RegisterClientHandler(clients, requests, grantors, random, ids, clock)),
      given(ChangeClientHandler, new ChangeClientHandler(clients, list, grantors, settlement, clock)),
      given(
        RotateClientSecretHandler,
        new RotateClientSecretHandler(clients, requests, list, grantors, settlement, random, clock),
      ),
      given(ClientLifeHandler, new ClientLifeHandler(clients, list, grantors, settlement, clock)),
      given(RevokeAccessTokenHandler, new RevokeAccessTokenHandler(clients, settlement, clock)),
      given(ReadClientsQuery, new ReadClientsQuery(list)),
      given(TopicReader, usedClients(options)),
    ],
  };
}

function usedClients({ dataSource, recorded }: OauthOptions): TopicReader {
  const uses = new NoteClientUses(new PostgresClientUses(dataSource));
  const handle = uses.handle.bind(uses);
  return new TopicReader(recorded, { group: 'oauth-last-used', topic: TOPICS.accessTokens, handle });
}
