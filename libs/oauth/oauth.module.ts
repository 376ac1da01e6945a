import { Inject, Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SOURCES, TOPICS } from '@latchkey/contracts';
import { Relay } from '@latchkey/event-store';
import { ReadinessRegistry } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { clientsPart } from './clients.providers';
import { introspectionPart } from './introspection.providers';
import { given, type OauthOptions } from './oauth-options';
import { tokensPart } from './tokens.providers';

const DATABASE = Symbol('DATABASE');

/** OAuth 2.0 with client credentials: applications, signing keys, access tokens, and the relay of their events. */
@Module({})
export class OauthModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly relay: Relay,
    private readonly readiness: ReadinessRegistry,
    @Inject(DATABASE) private readonly dataSource: DataSource,
  ) {}

  static register(options: OauthOptions): DynamicModule {
    const parts = [clientsPart(options), tokensPart(options), introspectionPart(options)];
    return {
      module: OauthModule,
      controllers: parts.flatMap(({ controllers }) => controllers),
      providers: [
        ...parts.flatMap(({ providers }) => providers),
        given(Relay, relayOf(options)),
        { provide: DATABASE, useValue: options.dataSource },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.readiness.add('oauth database', () => this.dataSource.query('SELECT 1'));
    this.relay.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.relay.stop();
  }
}

const relayOf = ({ dataSource, publisher, onRelayError }: OauthOptions): Relay =>
  new Relay({
    dataSource,
    publisher,
    source: SOURCES.oauth,
    topic: TOPICS.oauth,
    ...(onRelayError && { onError: onRelayError }),
  });
