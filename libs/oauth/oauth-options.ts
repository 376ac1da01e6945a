import type { ModuleMetadata } from '@nestjs/common';
import type { AccessTokenEntry, SubjectReader } from '@latchkey/contracts';
import type { EventBus } from '@latchkey/event-bus';
import type { Publisher } from '@latchkey/event-store';
import type { CheckClient } from '@latchkey/guard';
import type { Clock, IdSource, Secret } from '@latchkey/kernel';
import type { LiveAccess, OwnerReader, Settlement, SubjectChanges } from '@latchkey/live-state';
import type { CursorCodec, MetricsRegistry, Peppers } from '@latchkey/platform';
import type { Entries } from '@latchkey/telemetry';
import type { DataSource } from 'typeorm';
import type { SigningAlgorithm } from './domain/signing-key/signing-keys';

export interface OauthOptions {
  /** Of oauth's schema, with `oauthMigrations`. */
  readonly dataSource: DataSource;
  /** Of the same schema. */
  readonly subjects: SubjectChanges & OwnerReader;
  readonly settlement: Settlement;
  /** Reaches all owners. */
  readonly reader: SubjectReader;
  readonly liveAccess: LiveAccess;
  readonly peppers: Peppers;
  readonly cursors: CursorCodec;
  /** Seals the private signing keys. */
  readonly masterKey: Secret;
  /** `iss` of access tokens (`OAUTH_ISSUER`). */
  readonly issuer: string;
  /** `aud` of access tokens (`OAUTH_AUDIENCE`). */
  readonly audience: string;
  /** Of access tokens (`OAUTH_SIGNING_ALG`). */
  readonly signingAlgorithm: SigningAlgorithm;
  /** Tokens for one client in any minute (`OAUTH_TOKENS_PER_MINUTE`). */
  readonly tokensPerMinute: number;
  /** Requests for tokens from one address that a process answers in any minute (`OAUTH_REQUESTS_PER_MINUTE`). */
  readonly requestsPerMinute: number;
  /** Answers what introspection asks. */
  readonly introspection: CheckClient;
  /** The record of issued tokens and refused clients (`accessTokenTelemetry`). */
  readonly accessTokens: Entries<AccessTokenEntry>;
  /** Where that record is read, for when each client last got a token. */
  readonly recorded: Pick<EventBus, 'subscribe'>;
  readonly metrics: MetricsRegistry;
  /** Where the events of clients and signing keys go. */
  readonly publisher: Publisher;
  /** Told of every failed try to publish; the relay goes on by itself. */
  readonly onRelayError?: (error: Error) => void;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

/** What one part of the service adds to its module. */
export type OauthPart = Required<Pick<ModuleMetadata, 'controllers' | 'providers'>>;

export const given = <Type>(provide: abstract new (...parameters: never[]) => Type, useValue: Type) => ({
  provide,
  useValue,
});
