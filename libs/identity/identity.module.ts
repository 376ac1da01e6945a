import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SOURCES, TOPICS, type IdentityDirectory } from '@latchkey/contracts';
import { PostgresEventStore, Relay, type Publisher } from '@latchkey/event-store';
import { systemClock, type Clock, type IdSource } from '@latchkey/kernel';
import type { SubjectChanges } from '@latchkey/live-state';
import { ReadinessRegistry, UuidV7Source } from '@latchkey/platform';
import { DataSource } from 'typeorm';
import { PostgresFirstWorkspaces } from './adapters/postgres-first-workspaces';
import { Directory } from './application/directory';
import { EnsureFirstWorkspaceHandler } from './application/ensure-first-workspace.handler';

export interface IdentityOptions {
  /** Of identity's schema, with `identityMigrations`. */
  readonly dataSource: DataSource;
  /** Of the same schema. */
  readonly subjects: SubjectChanges;
  /** Where the events of users and workspaces go. */
  readonly publisher: Publisher;
  /** Told of every failed try to publish; the relay goes on by itself. */
  readonly onRelayError?: (error: Error) => void;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

const DATABASE = Symbol('DATABASE');

/** Users and workspaces, and the relay of their events. */
@Module({})
export class IdentityModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly relay: Relay,
    private readonly readiness: ReadinessRegistry,
    @Inject(DATABASE) private readonly dataSource: DataSource,
  ) {}

  static register(options: IdentityOptions): DynamicModule {
    const { dataSource, clock = systemClock, ids = new UuidV7Source() } = options;
    const workspaces = firstWorkspaces(options);
    return {
      module: IdentityModule,
      providers: [
        { provide: EnsureFirstWorkspaceHandler, useValue: new EnsureFirstWorkspaceHandler(workspaces, ids, clock) },
        { provide: Relay, useValue: relayOf(options) },
        { provide: DATABASE, useValue: dataSource },
      ],
      exports: [EnsureFirstWorkspaceHandler],
    };
  }

  /** What other services are told: they, and identity's own gRPC server, are composed before the application exists. */
  static directory(options: Pick<IdentityOptions, 'dataSource' | 'subjects'>): IdentityDirectory {
    return new Directory(firstWorkspaces(options));
  }

  onApplicationBootstrap(): void {
    this.readiness.add('identity database', () => this.dataSource.query('SELECT 1'));
    this.relay.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.relay.stop();
  }
}

const firstWorkspaces = ({ dataSource, subjects }: Pick<IdentityOptions, 'dataSource' | 'subjects'>) =>
  new PostgresFirstWorkspaces(dataSource, new PostgresEventStore(dataSource), subjects);

const relayOf = ({ dataSource, publisher, onRelayError }: IdentityOptions): Relay =>
  new Relay({
    dataSource,
    publisher,
    source: SOURCES.identity,
    topic: TOPICS.identity,
    ...(onRelayError && { onError: onRelayError }),
  });
