import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SOURCES, TOPICS, type IdentityDirectory, type SubjectReader } from '@latchkey/contracts';
import type { EventBus } from '@latchkey/event-bus';
import { PostgresEventStore, Relay, type Publisher } from '@latchkey/event-store';
import { systemClock, type Clock, type IdSource } from '@latchkey/kernel';
import type { OwnerReader, Settlement, SubjectChanges } from '@latchkey/live-state';
import { CursorCodec, ListCursors, ReadinessRegistry, UuidV7Source, type Peppers } from '@latchkey/platform';
import { DataSource } from 'typeorm';
import { assetSourceProviders } from './asset-sources.providers';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { IdentityWorkspaces } from './adapters/identity-workspaces';
import { PostgresCredentials } from './adapters/postgres-credentials';
import { PostgresIssuedRequests } from './adapters/postgres-issued-requests';
import { PostgresKeyList } from './adapters/postgres-key-list';
import { PostgresKeyStore } from './adapters/postgres-key-store';
import { ChangeKeyHandler } from './application/change-key.handler';
import { CreateKeyHandler } from './application/create-key.handler';
import { EnsureFirstKeyHandler } from './application/ensure-first-key.handler';
import { Grantors } from './application/grantors';
import { ImportKeysHandler } from './application/import-keys.handler';
import { KeyLifeHandler } from './application/key-life.handler';
import { KeyReaches } from './application/key-reaches';
import type { Randomness } from './application/ports';
import { ReadKeysQuery } from './application/read-keys.query';
import { RevokeKeyHandler } from './application/revoke-key.handler';
import { RevokeKeysHandler } from './application/revoke-keys.handler';
import { RotateKeyHandler } from './application/rotate-key.handler';
import { keyClockProviders } from './key-clock.providers';
import { leakProviders } from './leaks.providers';
import { scopeSetProviders } from './scope-sets.providers';
import { issuanceControllers } from './surfaces/controllers';
import { KeyListRequests } from './surfaces/key-lists/key-list-requests';
import { CLOCK, WORKSPACES } from './surfaces/tokens';

export interface IssuanceOptions {
  /** Of issuance's schema, with `issuanceMigrations`. */
  readonly dataSource: DataSource;
  /** Of the same schema. */
  readonly subjects: SubjectChanges & OwnerReader;
  readonly settlement: Settlement;
  readonly directory: IdentityDirectory;
  /** Reaches identity, at least. */
  readonly reader: SubjectReader;
  readonly peppers: Peppers;
  readonly cursors: CursorCodec;
  /** Where the events of keys go. */
  readonly publisher: Publisher;
  /** Where the decisions on keys come from. */
  readonly decisions: Pick<EventBus, 'subscribe'>;
  /** Where who reports leaked keys publishes the keys that they sign with. No report is taken when it is absent. */
  readonly leakKeysUrl?: string | undefined;
  /** Between two looks at what time brings about for keys, in ms; 1,000 when absent. */
  readonly keyClockMs?: number | undefined;
  /** Told of every failed try to publish; the relay goes on by itself. */
  readonly onRelayError?: (error: Error) => void;
  /** Where lists of a workspace's assets may be asked for, as `https://inventory.example.com`. Nowhere when absent. */
  readonly assetOrigins?: readonly string[];
  readonly clock?: Clock;
  readonly ids?: IdSource;
  readonly random?: Randomness;
}

const DATABASE = Symbol('DATABASE');

/** API keys: their commands and their list, over HTTP, and the relay of their events. */
@Module({})
export class IssuanceModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly relay: Relay,
    private readonly readiness: ReadinessRegistry,
    @Inject(DATABASE) private readonly dataSource: DataSource,
  ) {}

  static register(options: IssuanceOptions): DynamicModule {
    const { dataSource, settlement, clock = systemClock, ids = new UuidV7Source() } = options;
    const random = options.random ?? new CryptoRandomness();
    const workspaces = new IdentityWorkspaces(options.directory, options.reader);
    const keys = new PostgresKeyStore(new PostgresEventStore(dataSource), options.subjects, options.peppers);
    const requests = new PostgresIssuedRequests(dataSource, options.subjects);
    const credentials = new PostgresCredentials(dataSource, options.peppers);
    const list = new PostgresKeyList(dataSource);
    const reaches = new KeyReaches(workspaces);
    const grantors = new Grantors(keys, workspaces, clock);
    return {
      module: IssuanceModule,
      controllers: issuanceControllers,
      providers: [
        { provide: CLOCK, useValue: clock },
        { provide: WORKSPACES, useValue: workspaces },
        given(CreateKeyHandler, new CreateKeyHandler(keys, requests, grantors, random, ids, clock)),
        given(ChangeKeyHandler, new ChangeKeyHandler(keys, list, reaches, grantors, settlement, clock)),
        given(
          RotateKeyHandler,
          new RotateKeyHandler(keys, requests, list, reaches, grantors, settlement, random, clock),
        ),
        given(RevokeKeyHandler, new RevokeKeyHandler(keys, list, reaches, settlement, clock)),
        given(RevokeKeysHandler, new RevokeKeysHandler(keys, list, reaches, settlement, clock)),
        given(KeyLifeHandler, new KeyLifeHandler(keys, list, reaches, grantors, settlement, clock)),
        given(ImportKeysHandler, new ImportKeysHandler(keys, credentials, grantors, random, ids, clock)),
        given(ReadKeysQuery, new ReadKeysQuery(list, reaches, workspaces, clock)),
        given(EnsureFirstKeyHandler, new EnsureFirstKeyHandler(keys, credentials, workspaces, random, ids, clock)),
        ...assetSourceProviders(options, clock),
        ...scopeSetProviders(options, grantors, ids, clock),
        given(CursorCodec, options.cursors),
        given(ListCursors, new ListCursors(options.cursors, 'created_at:desc')),
        given(KeyListRequests, new KeyListRequests(options.cursors)),
        ...leakProviders(
          { dataSource, reaches, clock, leakKeysUrl: options.leakKeysUrl },
          { keys, requests, secrets: credentials, workspaces, random, settlement },
        ),
        given(PostgresCredentials, credentials),
        given(Relay, relayOf(options)),
        ...keyClockProviders(options, { keys, list, reaches, clock }),
        { provide: DATABASE, useValue: dataSource },
      ],
      exports: [EnsureFirstKeyHandler, PostgresCredentials],
    };
  }

  onApplicationBootstrap(): void {
    this.readiness.add('issuance database', () => this.dataSource.query('SELECT 1'));
    this.relay.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.relay.stop();
  }
}

const given = <Type>(provide: abstract new (...parameters: never[]) => Type, useValue: Type) => ({ provide, useValue });

const relayOf = ({ dataSource, publisher, onRelayError }: IssuanceOptions): Relay =>
  new Relay({
    dataSource,
    publisher,
    source: SOURCES.issuance,
    topic: TOPICS.keys,
    ...(onRelayError && { onError: onRelayError }),
  });
