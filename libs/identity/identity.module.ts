import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SOURCES, TOPICS, type IdentityDirectory, type SessionActivity, type SubjectReader } from '@latchkey/contracts';
import { PostgresEventStore, Relay, type Publisher } from '@latchkey/event-store';
import { ReadinessRegistry, type CursorCodec } from '@latchkey/platform';
import { DataSource } from 'typeorm';
import { listedPasswords } from './adapters/listed-passwords';
import { PostgresFirstWorkspaces } from './adapters/postgres-first-workspaces';
import { PostgresPasswordStore } from './adapters/postgres-password-store';
import { PostgresSessionStore } from './adapters/postgres-session-store';
import { Directory } from './application/directory';
import { EnsureFirstWorkspaceHandler } from './application/ensure-first-workspace.handler';
import { NewPasswords } from './application/new-passwords';
import { identityParts, SESSION_TIMES, type IdentityPartsOptions } from './identity-parts';
import { mailProviders, type MailOptions } from './mail.providers';
import { memberControllers, memberProviders } from './members.providers';
import { sessionControllers, sessionProviders } from './session.providers';
import { signInControllers, signInProviders, type SignInOptions } from './sign-in.providers';

export interface IdentityOptions extends IdentityPartsOptions, SignInOptions, MailOptions {
  /** Reaches issuance, whose the scope sets are. */
  readonly reader: SubjectReader;
  readonly cursors: CursorCodec;
  /** Where the events of users and workspaces go. */
  readonly publisher: Publisher;
  /** Told of every failed try to publish; the relay goes on by itself. */
  readonly onRelayError?: (error: Error) => void;
}

const DATABASE = Symbol('DATABASE');

export const identityControllers = [...memberControllers, ...sessionControllers, ...signInControllers];

/** Users and workspaces, and the relay of their events. */
@Module({})
export class IdentityModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly relay: Relay,
    private readonly readiness: ReadinessRegistry,
    @Inject(DATABASE) private readonly dataSource: DataSource,
  ) {}

  static register(options: IdentityOptions): DynamicModule {
    const { dataSource } = options;
    const parts = identityParts(options);
    const newPasswords = new NewPasswords(options.hasher, listedPasswords);
    const passwords = new PostgresPasswordStore(dataSource);
    return {
      module: IdentityModule,
      controllers: identityControllers,
      providers: [
        ...memberProviders(parts, { ...options, newPasswords, passwords }),
        ...mailProviders(parts, options),
        ...sessionProviders(parts),
        ...signInProviders(parts, { ...options, newPasswords, passwords }),
        { provide: Relay, useValue: relayOf(options) },
        { provide: DATABASE, useValue: dataSource },
      ],
      exports: [EnsureFirstWorkspaceHandler],
    };
  }

  /** What other services are told: they, and identity's own gRPC server, are composed before the application exists. */
  static directory({ dataSource }: Pick<IdentityOptions, 'dataSource'>): IdentityDirectory {
    return new Directory(new PostgresFirstWorkspaces(dataSource));
  }

  /** Where nodes of enforcement say which sessions were used. */
  static sessionActivity(options: Pick<IdentityOptions, 'dataSource' | 'subjects' | 'sessionTimes'>): SessionActivity {
    const { dataSource, subjects, sessionTimes: { idleMs } = SESSION_TIMES } = options;
    return new PostgresSessionStore(dataSource, new PostgresEventStore(dataSource), subjects, idleMs);
  }

  onApplicationBootstrap(): void {
    this.readiness.add('identity database', () => this.dataSource.query('SELECT 1'));
    this.relay.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.relay.stop();
  }
}

const relayOf = ({ dataSource, publisher, onRelayError }: IdentityOptions): Relay =>
  new Relay({
    dataSource,
    publisher,
    source: SOURCES.identity,
    topic: TOPICS.identity,
    ...(onRelayError && { onError: onRelayError }),
  });
