import { Module } from '@nestjs/common';
import { formatClientSecret, profileByName } from '@latchkey/access';
import type {
  AccessTokenEntry,
  SubjectBody,
  SubjectReader,
  SubjectRef,
  SubjectSnapshot,
  UserSubject,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { openDatabase, PostgresEventStore } from '@latchkey/event-store';
import { GuardModule } from '@latchkey/guard';
import { clientId, Secret, userId, workspaceId, type ClientId } from '@latchkey/kernel';
import { PostgresSubjects, RoutedSubjectReader, type ChangedSubject } from '@latchkey/live-state';
import {
  createLogger,
  createMetrics,
  createService,
  CursorCodec,
  Peppers,
  UuidV7Source,
  type Service,
} from '@latchkey/platform';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { oauthMigrations } from '../adapters/oauth-migrations';
import { PostgresClientList } from '../adapters/postgres-client-list';
import { PostgresClientStore } from '../adapters/postgres-client-store';
import { ClientAuthentication } from '../application/client-authentication';
import { SigningKeyring } from '../application/signing-keyring';
import type { SigningAlgorithm } from '../domain/signing-key/signing-keys';
import type { OauthOptions } from '../oauth-options';
import { OauthModule } from '../oauth.module';
import { OwnersLiveAccess } from './owners-live-access';
import { ScriptedCheck } from './scripted-check';

export const ISSUER = 'https://id.example.com';
export const AUDIENCE = 'https://api.example.com';
export const WORKSPACE = workspaceId('01900000-0000-7000-8000-00000000000a');
export const USER = userId('01900000-0000-7000-8000-00000000000b');
const MASTER_KEY = new Secret('m'.repeat(32));

export interface TokenServiceOptions {
  readonly profile?: string;
  readonly algorithm?: SigningAlgorithm;
  readonly issuer?: string;
  readonly tokensPerMinute?: number;
  readonly requestsPerMinute?: number;
}

/** What a client is registered with, where it is not what everybody's is. */
export interface ClientOptions {
  readonly scopes?: readonly string[];
  readonly scopeSetIds?: readonly string[];
  readonly allowedIps?: readonly string[];
  readonly tokenLifetimeSeconds?: number;
  /** Instead of a secret. */
  readonly publicKeys?: readonly Readonly<Record<string, string>>[];
}

export interface TestClient {
  readonly id: ClientId;
  /** Empty for one with public keys. */
  readonly secret: string;
}

export interface TokenReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // Whatever the route answers: a test says what it expects of it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** The oauth service on a database of its own, with identity in memory. Further ones on the same database are further nodes of it. */
export class TokenService {
  readonly clock = new FakeClock('2026-04-28T12:00:00.000Z');
  readonly recorded: AccessTokenEntry[] = [];
  readonly settled: ChangedSubject[] = [];
  readonly log: string[] = [];
  /** What enforcement says of tokens. */
  readonly check = new ScriptedCheck();
  readonly #peppers = new Peppers([{ version: 1, value: new Secret('p'.repeat(32)) }]);
  readonly #identity = new Map<string, SubjectSnapshot>();
  readonly #services: Service[] = [];

  private constructor(
    private readonly database: { readonly url: string; drop(): Promise<void> },
    readonly dataSource: DataSource,
    private readonly options: TokenServiceOptions,
  ) {}

  static async start(options: TokenServiceOptions = {}): Promise<TokenService> {
    const database = await freshDatabase();
    const dataSource = await openDatabase({
      url: database.url,
      schema: 'oauth',
      migrations: oauthMigrations,
      applicationName: 'oauth-test',
    });
    const service = new TokenService(database, dataSource, options);
    service.setWorkspace();
    service.setUser();
    await service.addNode();
    return service;
  }

  get profile() {
    const profile = profileByName(this.options.profile ?? 's4e');
    if (!profile) throw new Error('the profile is gone');
    return profile;
  }

  /** One more process on the same database. */
  async addNode(options: TokenServiceOptions = this.options): Promise<Service> {
    const service = await createService({
      name: 'oauth',
      module: this.#module(options),
      config: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.0/8'] },
      logger: createLogger({ service: 'oauth', destination: this.#destination() }),
    });
    await service.fastify.ready();
    this.#services.push(service);
    return service;
  }

  get liveAccess(): OwnersLiveAccess {
    return this.#liveAccess;
  }

  get keyring(): SigningKeyring {
    return this.#first.app.get(SigningKeyring, { strict: false });
  }

  get authentication(): ClientAuthentication {
    return this.#first.app.get(ClientAuthentication, { strict: false });
  }

  setWorkspace(change: Partial<WorkspaceSubject> = {}): void {
    const { name: profile } = this.profile;
    const settings = { formerMembersKeys: 'end', secondFactor: 'optional' } as const;
    this.#put(WORKSPACE, { kind: 'workspace', status: 'active', name: 'Acme', profile, ...settings, ...change });
  }

  setUser(change: Partial<UserSubject> = {}): void {
    this.#put(USER, {
      kind: 'user',
      status: 'active',
      roles: { [WORKSPACE]: 'owner' },
      sessionGeneration: 0,
      ...change,
    });
  }

  /** What a scope set of the workspace holds. */
  setScopeSet(id: string, scopes: readonly string[]): void {
    this.#put(id, { kind: 'scope_set', workspaceId: WORKSPACE, scopes });
  }

  async register(options: ClientOptions = {}): Promise<TestClient> {
    const id = clientId(new UuidV7Source().next());
    const {
      scopes = ['assets:read', 'scans:write'],
      scopeSetIds = [],
      allowedIps = [],
      tokenLifetimeSeconds = 3_600,
      publicKeys,
    } = options;
    const secret = publicKeys ? null : formatClientSecret(this.profile, randomBytes);
    await this.#store().write({
      clientId: id,
      decide: () => [
        {
          type: 'latchkey.client.registered.v1',
          data: {
            ...{ clientId: id, workspaceId: WORKSPACE, userId: USER, name: 'Nightly report' },
            ...{
              scopes,
              scopesAsSent: scopes,
              scopeSetIds,
              allowedIps,
              assets: 'all',
              plan: 'standard',
              tokenLifetimeSeconds,
            },
            authentication: publicKeys ? 'private_key_jwt' : 'client_secret',
            publicKeys: publicKeys ?? [],
            secretId: publicKeys ? null : `${id}.1`,
            registeredAt: this.clock.now().toISOString(),
          },
        },
      ],
      meta: this.#meta(),
      ...(secret && { newSecret: secret }),
    });
    return { id, secret: secret?.reveal() ?? '' };
  }

  /** Another event of a client's, which was decided elsewhere. */
  async change(
    id: ClientId,
    ...events: ReturnType<Parameters<PostgresClientStore['write']>[0]['decide']>
  ): Promise<void> {
    await this.#store().write({ clientId: id, decide: () => events, meta: this.#meta() });
  }

  /** A request as curl sends it. */
  async post(
    url: string,
    body: string | Readonly<Record<string, string>>,
    { headers = {}, node = this.#first, ip = '203.0.113.9' }: PostOptions = {},
  ): Promise<TokenReply> {
    const reply = await node.fastify.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': ip, ...headers },
      payload: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
    });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, headers: reply.headers, body: isJson ? reply.json() : reply.body };
  }

  async get(url: string, node = this.#first): Promise<TokenReply> {
    const reply = await node.fastify.inject({ method: 'GET', url });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body === '' ? null : reply.json() };
  }

  /** Asks for a token with the client's secret in the body, as S1-08 does. */
  token(client: TestClient, form: Readonly<Record<string, string>> = {}, options?: PostOptions): Promise<TokenReply> {
    const shown = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret };
    return this.post('/oauth/token', { ...shown, ...form }, options);
  }

  async stop(): Promise<void> {
    for (const service of this.#services) await service.stop();
    await this.dataSource.destroy();
    await this.database.drop();
  }

  readonly #subjects = () => new PostgresSubjects(this.dataSource);
  readonly #reader = (): SubjectReader => {
    const identity = { read: async (refs: readonly SubjectRef[]) => refs.map((ref) => this.#known(ref)) };
    return new RoutedSubjectReader({ identity, issuance: identity, oauth: this.#subjects() });
  };
  readonly #liveAccess = new OwnersLiveAccess({ read: (owner, refs) => this.#reader().read(owner, refs) }, this.clock);

  get #first(): Service {
    const [first] = this.#services;
    if (!first) throw new Error('no node runs');
    return first;
  }

  #module(options: TokenServiceOptions) {
    const { check } = this;
    const oauth: OauthOptions = {
      dataSource: this.dataSource,
      subjects: this.#subjects(),
      settlement: { settle: async (changed) => void this.settled.push(...changed) },
      reader: this.#reader(),
      liveAccess: this.#liveAccess,
      peppers: this.#peppers,
      cursors: new CursorCodec(MASTER_KEY),
      masterKey: MASTER_KEY,
      issuer: options.issuer ?? ISSUER,
      audience: AUDIENCE,
      signingAlgorithm: options.algorithm ?? 'RS256',
      tokensPerMinute: options.tokensPerMinute ?? 600,
      requestsPerMinute: options.requestsPerMinute ?? 6_000,
      introspection: check,
      accessTokens: { record: (entry) => this.recorded.push(entry) },
      recorded: { subscribe: async () => ({ close: async () => undefined }) },
      metrics: createMetrics('oauth'),
      publisher: { publish: () => Promise.resolve() },
      clock: this.clock,
    };
    @Module({ imports: [GuardModule.forRoot({ client: check }), OauthModule.register(oauth)] })
    class TestModule {}
    return TestModule;
  }

  #store(): PostgresClientStore {
    return new PostgresClientStore({
      events: new PostgresEventStore(this.dataSource),
      list: new PostgresClientList(this.dataSource),
      subjects: this.#subjects(),
      peppers: this.#peppers,
    });
  }

  #meta() {
    return { actorId: 'test', workspaceId: WORKSPACE, requestId: 'test', at: this.clock.now() };
  }

  #put(id: string, body: SubjectBody): void {
    this.#identity.set(`${body.kind} ${id}`, { kind: body.kind, id, version: 1, body });
  }

  #known(ref: SubjectRef): SubjectSnapshot {
    return this.#identity.get(`${ref.kind} ${ref.id}`) ?? { ...ref, version: 0, body: null };
  }

  #destination(): Writable {
    const { log } = this;
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        log.push(chunk.toString());
        done();
      },
    });
  }
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly node?: Service;
  /** Where the request comes from. */
  readonly ip?: string;
}
