import { Module } from '@nestjs/common';
import { ADMIN_SCOPE, profileByName, UNLIMITED_PLAN, type Profile } from '@latchkey/access';
import { openDatabase, PostgresEventStore, type OutgoingMessage } from '@latchkey/event-store';
import { GuardModule } from '@latchkey/guard';
import { keyId, Secret, userId, type WorkspaceId } from '@latchkey/kernel';
import { PostgresSubjects, RoutedSubjectReader, type ChangedSubject, type Settlement } from '@latchkey/live-state';
import { createLogger, createService, CursorCodec, Peppers, UuidV7Source, type Service } from '@latchkey/platform';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { CryptoRandomness } from '../adapters/crypto-randomness';
import { issuanceMigrations } from '../adapters/issuance-migrations';
import { PostgresCredentials } from '../adapters/postgres-credentials';
import { PostgresKeyStore } from '../adapters/postgres-key-store';
import { EnsureFirstKeyHandler } from '../application/ensure-first-key.handler';
import type { Randomness } from '../application/ports';
import { PLAIN_KEY } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { IssuanceModule, type IssuanceOptions } from '../issuance.module';
import { Identity } from './identity';
import { OwnerCheck } from './owner-check';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // Whatever the route answers: a test says what it expects of it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface IssuanceService {
  readonly clock: FakeClock;
  readonly dataSource: DataSource;
  readonly identity: Identity;
  readonly service: Service;
  readonly keys: PostgresKeyStore;
  readonly credentials: PostgresCredentials;
  readonly peppers: Peppers;
  readonly ensureFirstKey: EnsureFirstKeyHandler;
  /** Secret of the first admin key. */
  readonly admin: string;
  readonly published: readonly OutgoingMessage[];
  /** Where changes are settled: a test may hold them there. */
  readonly settlement: HeldSettlement;
  /** What was settled, in order. */
  readonly settled: readonly ChangedSubject[];
  /** Lines of the log. */
  readonly log: readonly string[];
  call(
    method: Method,
    url: string,
    options?: { body?: unknown; key?: string; headers?: Record<string, string> },
  ): Promise<Reply>;
  /** What the check says of a secret: its status. */
  check(secret: string, scopes?: string[], ip?: string): Promise<number>;
  /** Secret of an admin key of the workspace, made as the first start makes one. */
  adminOf(workspaceId: WorkspaceId, ownerId: string): Promise<string>;
  stop(): Promise<void>;
}

/** Settles at once, or when it is let go. */
export class HeldSettlement implements Settlement {
  readonly settled: ChangedSubject[] = [];
  #gate: Promise<void> = Promise.resolve();

  /** Holds every settlement from now on, until the answer is called. */
  hold(): () => void {
    let letGo: () => void = () => undefined;
    this.#gate = new Promise((resolve) => (letGo = resolve));
    return letGo;
  }

  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    this.settled.push(...changed);
    await this.#gate;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const PEPPER = new Secret('p'.repeat(32));

/** Issuance on a database of its own, behind the real guard, with identity in memory. */
export async function issuanceService(
  profile: string,
  random: Randomness = new CryptoRandomness(),
  options: Pick<IssuanceOptions, 'leakKeysUrl'> = {},
): Promise<IssuanceService> {
  const database = await freshDatabase();
  const dataSource = await openDatabase({
    url: database.url,
    schema: 'issuance',
    migrations: issuanceMigrations,
    applicationName: 'issuance-test',
  });
  const clock = new FakeClock('2026-04-28T12:00:00.000Z');
  const identity = new Identity(profile);
  const peppers = new Peppers([{ version: 1, value: PEPPER }]);
  const subjects = new PostgresSubjects(dataSource);
  const credentials = new PostgresCredentials(dataSource, peppers);
  const keys = new PostgresKeyStore(new PostgresEventStore(dataSource), subjects, peppers);
  const reader = new RoutedSubjectReader({
    issuance: subjects,
    identity: { read: (refs) => identity.read('identity', refs) },
    oauth: { read: (refs) => identity.read('oauth', refs) },
  });
  const check = new OwnerCheck(credentials, reader, clock);
  const published: OutgoingMessage[] = [];
  const settlement = new HeldSettlement();
  const log: string[] = [];

  @Module({
    imports: [
      GuardModule.forRoot({ client: check }),
      IssuanceModule.register({
        dataSource,
        subjects,
        settlement,
        directory: identity,
        reader,
        peppers,
        cursors: new CursorCodec(new Secret('cursor-key')),
        publisher: { publish: async (messages) => void published.push(...messages) },
        decisions: { subscribe: () => Promise.resolve({ close: () => Promise.resolve() }) },
        clock,
        random,
        // A test has it tick by itself.
        keyClockMs: 86_400_000,
        ...options,
      }),
    ],
  })
  class TestModule {}

  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(chunk.toString());
      done();
    },
  });
  const service = await createService({
    name: 'issuance',
    module: TestModule,
    config: { host: '127.0.0.1', port: 0 },
    logger: createLogger({ service: 'issuance', destination }),
  });
  const ensureFirstKey = service.app.get(EnsureFirstKeyHandler, { strict: false });
  const first = await ensureFirstKey.execute();
  const admin = first.kind === 'made' ? first.secret.reveal() : '';

  return {
    ...{
      clock,
      dataSource,
      identity,
      service,
      keys,
      credentials,
      peppers,
      ensureFirstKey,
      admin,
      published,
      settlement,
      settled: settlement.settled,
      log,
    },
    async call(method, url, { body, key = admin, headers = {} } = {}) {
      const reply = await service.fastify.inject({
        method,
        url,
        headers: {
          ...(key !== '' && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const isJson = String(reply.headers['content-type']).includes('json');
      return { status: reply.statusCode, headers: reply.headers, text: reply.body, body: isJson ? reply.json() : null };
    },
    check: async (credential, scopes = [], ip) =>
      (await check.check({ credential, scopes, ...(ip !== undefined && { ip }) })).status,
    async adminOf(workspaceId, ownerId) {
      const secret = random.secret(
        profileByName(
          profileNameOf(await identity.read('identity', [{ kind: 'workspace', id: workspaceId }])),
        ) as Profile,
      );
      const id = keyId(new UuidV7Source().next());
      const now = clock.now();
      await keys.write({
        keyId: id,
        decide: (state) =>
          decide(
            {
              type: 'CreateKey',
              ...PLAIN_KEY,
              keyId: id,
              displayId: `key-${randomUUID().slice(0, 8)}`,
              workspaceId,
              userId: userId(ownerId),
              name: 'admin',
              grant: { scopes: [ADMIN_SCOPE], plan: UNLIMITED_PLAN, assets: 'all', allowedIps: [], expiresAt: null },
              scopesAsSent: [ADMIN_SCOPE],
              grantor: { kind: 'installation' },
              now,
            },
            state,
          ),
        meta: { actorId: 'test', workspaceId, requestId: 'test', at: now },
        newSecret: secret,
      });
      return secret.reveal();
    },
    async stop() {
      await service.stop();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

const profileNameOf = ([snapshot]: Awaited<ReturnType<Identity['read']>>): string =>
  snapshot?.body?.kind === 'workspace' ? snapshot.body.profile : '';
