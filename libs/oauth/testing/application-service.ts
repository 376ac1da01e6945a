import { Module } from '@nestjs/common';
import { decideByOwners, denialReasonAt, principalOf } from '@latchkey/access';
import {
  accessTokenEnvelope,
  TOPICS,
  type AccessTokenEntry,
  type AccessTokenRef,
  type CheckedRef,
  type CheckRequest,
  type CheckResult,
  type Role,
  type SubjectBody,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
  type WorkspaceSubject,
} from '@latchkey/contracts';
import type { SubscribeOptions } from '@latchkey/event-bus';
import { openDatabase, PostgresEventStore, type EventStore, type OutgoingMessage } from '@latchkey/event-store';
import { GuardModule, type CheckClient } from '@latchkey/guard';
import { keyId, Secret, sessionId, userId, workspaceId, type UserId } from '@latchkey/kernel';
import { PostgresSubjects, RoutedSubjectReader, type ChangedSubject, type Settlement } from '@latchkey/live-state';
import { createLogger, createMetrics, createService, CursorCodec, Peppers, type Service } from '@latchkey/platform';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { oauthMigrations } from '../adapters/oauth-migrations';
import { PostgresClientList } from '../adapters/postgres-client-list';
import { PostgresClientStore, type ClientSafeguards } from '../adapters/postgres-client-store';
import { OauthModule } from '../oauth.module';
import { jwtOf } from './jwt-of';
import { OwnersLiveAccess } from './owners-live-access';
import { checkResult } from './scripted-check';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // Whatever the route answers: a test says what it expects of it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Sent {
  readonly body?: unknown;
  /** What is shown; the owner's session when absent. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of no moment in any test. */
const LATE_MS = Date.UTC(2100, 0);
const THUMBPRINT = 'k'.repeat(43);

/**
 * Oauth's applications on a database of their own, behind the real guard. The other owners are in memory, and the check asks all owners for
 * everything, by the rules of enforcement.
 */
export class ApplicationService implements CheckClient, SubjectReader, Settlement {
  readonly clock = new FakeClock('2026-04-28T12:00:00.000Z');
  readonly workspace = workspaceId('01900000-0000-7000-8000-0000000000e1');
  readonly owner = userId('01900000-0000-7000-8000-0000000000f1');
  readonly peppers = new Peppers([{ version: 1, value: new Secret('p'.repeat(32)) }]);
  readonly published: OutgoingMessage[] = [];
  readonly settled: ChangedSubject[] = [];
  readonly log: string[] = [];
  /** Shows the owner's session. */
  readonly session: string;
  readonly #elsewhere = new Map<string, SubjectSnapshot>();
  readonly #credentials = new Map<string, CheckedRef>();
  #service: Service | null = null;
  #recordReader: SubscribeOptions | null = null;
  #hook: ((refs: readonly SubjectRef[]) => void) | null = null;

  private constructor(
    private readonly database: { drop(): Promise<void> },
    readonly dataSource: DataSource,
    profile: string,
  ) {
    this.setWorkspace({ profile });
    this.setRole(this.owner, 'owner');
    this.session = this.openSession(this.owner);
  }

  static async start(profile = 's4e'): Promise<ApplicationService> {
    const database = await freshDatabase();
    const options = { schema: 'oauth', migrations: oauthMigrations, applicationName: 'oauth-test' };
    const dataSource = await openDatabase({ url: database.url, ...options });
    const service = new ApplicationService(database, dataSource, profile);
    await service.#start();
    return service;
  }

  // What others own

  setWorkspace(change: Partial<WorkspaceSubject>, id = this.workspace): void {
    const settings = { formerMembersKeys: 'end', secondFactor: 'optional' } as const;
    const { body } = this.#known({ kind: 'workspace', id });
    const before = body?.kind === 'workspace' ? body : { kind: 'workspace' as const, name: 'Acme', profile: 's4e' };
    this.put(id, { status: 'active', ...settings, ...before, ...change });
  }

  /** `null`: suspended there, or a member no more. */
  setRole(user: UserId, role: Role | null, workspace = this.workspace): void {
    this.put(user, {
      ...{ kind: 'user', status: 'active', sessionGeneration: 0 },
      roles: role === null ? {} : { [workspace]: role },
    });
  }

  addMember(role: Role): UserId {
    const id = userId(randomUUID());
    this.setRole(id, role);
    return id;
  }

  /** What shows it. */
  openSession(user: UserId, workspace = this.workspace): string {
    const id = sessionId(randomUUID());
    const tokenSha256 = id.replaceAll('-', '').repeat(2);
    this.put(id, {
      ...{ kind: 'session', workspaceId: workspace, userId: user, status: 'active', generation: 0, tokenNumber: 1 },
      ...{ tokenSha256, secondFactor: false, idleUntilMs: LATE_MS, expiresAtMs: LATE_MS },
    });
    return this.#shows({ workspaceId: workspace, sessionId: id, tokenNumber: 1, tokenSha256 });
  }

  /** What shows a key of the user's, and its id. */
  addKey(change: Partial<Extract<SubjectBody, { kind: 'key' }>> = {}): { readonly id: string; readonly shown: string } {
    const id = keyId(randomUUID());
    const { workspace, owner } = this;
    this.put(id, {
      ...{ kind: 'key', workspaceId: workspace, userId: owner, name: 'key', status: 'active' },
      ...{ scopes: ['admin:full'], scopeSetIds: [], allowedIps: [], assets: 'all', plan: 'unlimited' },
      ...{ secrets: [{ number: 1, graceUntilMs: null }], expiresAtMs: null, ...change },
    });
    return { id, shown: this.#shows({ workspaceId: workspace, keyId: id, secretNumber: 1 }) };
  }

  change(kind: 'key' | 'session', id: string, change: object): void {
    const { body } = this.#known({ kind, id });
    if (body) this.put(id, { ...body, ...change });
  }

  /** What shows an access token of the client, as if one had been issued to it. */
  addToken(client: string, scope: string, change: Partial<AccessTokenRef> = {}): string {
    const jti = randomUUID();
    const { workspace } = this;
    this.put(THUMBPRINT, { kind: 'signing_key', status: 'trusted', algorithm: 'RS256', jwk: {} });
    const seconds = Math.floor(this.clock.now().getTime() / 1_000);
    const claims = {
      ...{ iss: 'i', aud: 'a', sub: client, client_id: client, jti, iat: seconds, exp: seconds + 3_600 },
      ...{ scope, wid: workspace, gen: change.generation ?? 1 },
    };
    const text = jwtOf(claims, { alg: 'RS256', typ: 'at+jwt', kid: THUMBPRINT });
    const ref = { workspaceId: workspace, clientId: client as AccessTokenRef['clientId'], jti, generation: 1 };
    const times = { issuedAtMs: seconds * 1_000, expiresAtMs: (seconds + 3_600) * 1_000 };
    this.#credentials.set(text, { ...ref, ...times, scopes: scope.split(' '), signingKeyId: THUMBPRINT, ...change });
    return text;
  }

  put(id: string, body: SubjectBody): void {
    const version = this.#known({ kind: body.kind, id }).version + 1;
    this.#elsewhere.set(`${body.kind} ${id}`, { kind: body.kind, id, version, body });
  }

  /** Runs once, after the next answer that tells of such a subject. */
  afterAnswerOn(kind: SubjectRef['kind'], hook: () => void): void {
    this.#hook = (refs) => {
      if (!refs.some((ref) => ref.kind === kind)) return;
      this.#hook = null;
      hook();
    };
  }

  // What oauth asks

  async check(request: CheckRequest): Promise<CheckResult> {
    const credential = this.#credentials.get(request.credential);
    if (!credential) return checkResult('unknown');
    const nowMs = this.clock.now().getTime();
    const { verdict, known } = await decideByOwners(this.#reader(false), credential, request);
    if (verdict.kind === 'deny') return checkResult(denialReasonAt(verdict.denial, nowMs));
    if (verdict.notAfterMs !== null && nowMs >= verdict.notAfterMs) return checkResult(verdict.ended.reason);
    return checkResult(principalOf(credential, known) ?? 'unavailable');
  }

  read(owner: Parameters<SubjectReader['read']>[0], refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    return this.#reader(true).read(owner, refs);
  }

  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    this.settled.push(...changed);
  }

  // What tests ask

  presentedBy(shown: string): CheckedRef {
    const credential = this.#credentials.get(shown);
    if (!credential) throw new Error('nobody shows that');
    return credential;
  }

  /** Hands a batch of the record of access tokens to who reads it. */
  async deliver(accessTokens: readonly AccessTokenEntry[]): Promise<void> {
    const data = { node: 'n', boot: 'b', dropped: 0, accessTokens: [...accessTokens] };
    const event = accessTokenEnvelope({ type: 'latchkey.access_tokens.recorded.v1', data }, 1, this.clock.now());
    const value = Buffer.from(JSON.stringify(event));
    if (!this.#recordReader) throw new Error('nobody reads the record');
    await this.#recordReader.handle({ topic: TOPICS.accessTokens, key: 'k', partition: 0, offset: '0', value });
  }

  async call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, sent: Sent = {}): Promise<Reply> {
    const { body, as = this.session, headers = {} } = sent;
    const reply = await this.service.fastify.inject({
      method,
      url: `/api/v1/oauth-applications${path}`,
      headers: {
        ...(as !== '' && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, headers: reply.headers, text: reply.body, body: isJson ? reply.json() : null };
  }

  store(
    safeguards?: ClientSafeguards,
    events: EventStore = new PostgresEventStore(this.dataSource),
  ): PostgresClientStore {
    return new PostgresClientStore({
      events,
      list: new PostgresClientList(this.dataSource),
      subjects: new PostgresSubjects(this.dataSource),
      peppers: this.peppers,
      ...(safeguards && { safeguards }),
    });
  }

  get service(): Service {
    if (!this.#service) throw new Error('the service does not run');
    return this.#service;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.dataSource.destroy();
    await this.database.drop();
  }

  async #start(): Promise<void> {
    const oauth = OauthModule.register({
      ...{
        dataSource: this.dataSource,
        subjects: new PostgresSubjects(this.dataSource),
        settlement: this,
        reader: this,
      },
      ...{ peppers: this.peppers, clock: this.clock, liveAccess: new OwnersLiveAccess(this, this.clock) },
      ...{ cursors: new CursorCodec(new Secret('cursor-key')), masterKey: new Secret('m'.repeat(32)) },
      ...{ issuer: 'https://id.example.com', audience: 'https://api.example.com', signingAlgorithm: 'ES256' },
      ...{ tokensPerMinute: 600, requestsPerMinute: 6_000, introspection: this, metrics: createMetrics('oauth') },
      accessTokens: { record: () => undefined },
      recorded: {
        subscribe: async (reader) => {
          this.#recordReader = reader;
          return { close: async () => undefined };
        },
      },
      publisher: { publish: async (messages) => void this.published.push(...messages) },
    });
    @Module({ imports: [GuardModule.forRoot({ client: { check: (request) => this.check(request) } }), oauth] })
    class TestModule {}

    const { log } = this;
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log.push(chunk.toString());
        done();
      },
    });
    this.#service = await createService({
      name: 'oauth',
      module: TestModule,
      config: { host: '127.0.0.1', port: 0 },
      logger: createLogger({ service: 'oauth', destination }),
    });
  }

  #reader(hooked: boolean): SubjectReader {
    const elsewhere = {
      read: async (refs: readonly SubjectRef[]) => {
        const found = refs.map((ref) => this.#known(ref));
        if (hooked) this.#hook?.(refs);
        return found;
      },
    };
    const own = new PostgresSubjects(this.dataSource);
    const oauth = {
      read: async (refs: readonly SubjectRef[]) => {
        const found = await Promise.all(
          refs.map(async (ref) => (ref.kind === 'signing_key' ? [this.#known(ref)] : own.read([ref]))),
        );
        if (hooked) this.#hook?.(refs);
        return found.flat();
      },
    };
    return new RoutedSubjectReader({ identity: elsewhere, issuance: elsewhere, oauth });
  }

  #known(ref: SubjectRef): SubjectSnapshot {
    return this.#elsewhere.get(`${ref.kind} ${ref.id}`) ?? { ...ref, version: 0, body: null };
  }

  #shows(credential: CheckedRef): string {
    const text = `shown-${randomUUID()}`;
    this.#credentials.set(text, credential);
    return text;
  }
}
