import { TOPICS } from '@latchkey/contracts';
import { openDatabase, PostgresEventStore, type Append, type EventStore } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import { PostgresSubjects, type ChangedSubject } from '@latchkey/live-state';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { DataSource } from 'typeorm';
import { JwsAccessTokenSigner } from './adapters/jws-access-token-signer';
import { NodeSigningMachinery } from './adapters/node-signing-machinery';
import { oauthMigrations } from './adapters/oauth-migrations';
import { PostgresSigningKeys } from './adapters/postgres-signing-keys';
import { ChangeSigningKeysHandler } from './application/change-signing-keys.handler';
import { SigningKeyring } from './application/signing-keyring';
import { KNOWN_BEFORE_MS, SIGNS_FOR_MS, VERIFIES_AFTER_MS } from './domain/signing-key/decide';
import type { SigningAlgorithm } from './domain/signing-key/signing-keys';
import { jwkSet } from './surfaces/oauth/metadata';

const MASTER_KEY = new Secret('m'.repeat(32));

describe('signing keys', () => {
  let database: { readonly url: string; drop(): Promise<void> };
  let dataSource: DataSource;
  let clock: FakeClock;
  const settled: ChangedSubject[] = [];
  beforeEach(async () => {
    database = await freshDatabase();
    dataSource = await openDatabase({
      url: database.url,
      schema: 'oauth',
      migrations: oauthMigrations,
      applicationName: 'oauth-test',
    });
    clock = new FakeClock('2026-04-28T12:00:00.000Z');
    settled.length = 0;
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  interface Process {
    readonly algorithm?: SigningAlgorithm;
    readonly masterKey?: Secret;
    readonly events?: EventStore;
  }

  /** What one process of oauth knows of the keys. ES256 where it does not matter: its keys are made in no time. */
  const keyring = ({ algorithm = 'ES256', masterKey = MASTER_KEY, events }: Process = {}) =>
    new SigningKeyring({
      store: new PostgresSigningKeys(
        dataSource,
        events ?? new PostgresEventStore(dataSource),
        new PostgresSubjects(dataSource),
        masterKey,
      ),
      machinery: new NodeSigningMachinery(),
      settlement,
      clock,
      algorithm,
    });
  const settlement = { settle: async (changed: readonly ChangedSubject[]) => void settled.push(...changed) };
  const operator = () =>
    new ChangeSigningKeysHandler(
      new PostgresSigningKeys(dataSource, new PostgresEventStore(dataSource), new PostgresSubjects(dataSource), null),
      settlement,
      clock,
    );
  const running = async (options?: Process) => {
    const ring = keyring(options);
    await ring.keep();
    return ring;
  };
  const statuses = async (ring: SigningKeyring) => (await ring.published()).map(({ status }) => status);
  const subjects = async () =>
    dataSource.query<{ id: string; status: string }[]>(
      `SELECT id, body ->> 'status' AS status FROM subject_state WHERE kind = 'signing_key'`,
    );
  const statusOf = async (kid: string) => (await subjects()).find(({ id }) => id === kid)?.status;
  const token = async (ring: SigningKeyring) =>
    (await new JwsAccessTokenSigner(ring).sign('at+jwt', { sub: 'c1' })).token;
  const verifies = async (ring: SigningKeyring, jws: string) => {
    const jwks = jwkSet(await ring.published()) as unknown as JSONWebKeySet;
    return (await jwtVerify(jws, createLocalJWKSet(jwks), { currentDate: clock.now() })).payload.sub === 'c1';
  };

  it.each<SigningAlgorithm>(['RS256', 'ES256'])('sign by %s, and are published as a JWK set', async (algorithm) => {
    const ring = await running({ algorithm });
    const keys = jwkSet(await ring.published())['keys'];
    const jwk =
      algorithm === 'RS256'
        ? { kty: 'RSA', n: expect.stringMatching(/^[\w-]{342}$/), e: 'AQAB' }
        : { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String) };
    const published = { ...jwk, kid: expect.stringMatching(/^[\w-]{43}$/), use: 'sig', alg: algorithm };
    // The one that signs, and the next; and of neither more than that.
    expect(keys).toEqual([published, published]);
    expect(await statuses(ring)).toEqual(['Active', 'Published']);
    expect(await verifies(ring, await token(ring))).toBe(true);
  });

  it('are the same in every process and after a restart', async () => {
    const [one, other] = [await running(), await running()];
    expect(other.current().kid).toBe(one.current().kid);
    expect(await verifies(one, await token(other))).toBe(true);
  });

  it('are kept sealed: neither an event nor a table holds a private part, and another master key opens none', async () => {
    const ring = await running();
    const rows: unknown[] = await dataSource.query('SELECT * FROM signing_key_private');
    const events: { data: Buffer }[] = await dataSource.query('SELECT data FROM events');
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows.map(String))).not.toContain('PRIVATE KEY');
    for (const { data } of events) expect(data.toString()).not.toMatch(/"d":|PRIVATE KEY/);
    expect(JSON.stringify(await ring.published())).not.toContain('"d":');
    await expect(running({ masterKey: new Secret('o'.repeat(32)) })).rejects.toThrow();
  });

  it('change after 90 days: the next one was known before it signs, the one before verifies for as long as its tokens live', async () => {
    const ring = await running();
    const [first, second] = await ring.published();
    const old = await token(ring);
    clock.advance(SIGNS_FOR_MS);
    await ring.keep();
    expect(ring.current().kid).toBe(second?.kid);
    expect(await statuses(ring)).toEqual(['Retired', 'Active', 'Published']);
    expect(await verifies(ring, old)).toBe(true);
    // It can sign no more, wherever somebody would find it.
    expect(await dataSource.query('SELECT FROM signing_key_private WHERE kid = $1', [first?.kid])).toEqual([]);

    clock.advance(VERIFIES_AFTER_MS);
    await ring.keep();
    expect((await ring.published()).map(({ kid }) => kid)).not.toContain(first?.kid);
    expect(await statusOf(first?.kid ?? '')).toBe('revoked');
    expect(await statusOf(second?.kid ?? '')).toBe('trusted');
  });

  it('change when somebody asks, unless the next one is too new to be known', async () => {
    const ring = await running();
    const [, second] = await ring.published();
    await expect(operator().rotate()).rejects.toMatchObject({
      code: 'signing_key.next_too_new',
      retryAfterSeconds: 900,
    });
    clock.advance(KNOWN_BEFORE_MS);
    expect(await operator().rotate()).toBe(second?.kid);
    await ring.keep();
    expect(ring.current().kid).toBe(second?.kid);
    expect(await statuses(ring)).toEqual(['Retired', 'Active', 'Published']);
  });

  it('can be revoked: settled before the answer, gone from what is published, and another one signs at once', async () => {
    const ring = await running();
    const [first, second] = await ring.published();
    const kid = first?.kid ?? '';
    expect(await operator().revoke(kid)).toBe(second?.kid);
    expect(settled).toContainEqual({ kind: 'signing_key', id: kid, workspaceId: null, version: 2 });
    expect(await statusOf(kid)).toBe('revoked');
    await ring.keep();
    expect(ring.current().kid).toBe(second?.kid);
    expect((await ring.published()).map((key) => key.kid)).not.toContain(kid);
    expect(await statuses(ring)).toEqual(['Active', 'Published']);

    // Who asks again is answered when it is settled, whoever has settled it.
    settled.length = 0;
    await operator().revoke(kid);
    expect(settled).toEqual([{ kind: 'signing_key', id: kid, workspaceId: null, version: 2 }]);
    await expect(operator().revoke('nobody')).rejects.toMatchObject({ code: 'signing_key.not_found' });
  });

  it('that are all revoked are followed by one that signs at once', async () => {
    const ring = await running();
    for (const { kid } of await ring.published()) await operator().revoke(kid);
    await ring.keep();
    expect(await statuses(ring)).toEqual(['Active', 'Published']);
    expect(await verifies(ring, await token(ring))).toBe(true);
  });

  it('go over to another algorithm when the key of it is known', async () => {
    const { kid } = (await running({ algorithm: 'RS256' })).current();
    const ring = await running({ algorithm: 'ES256' });
    expect(ring.current()).toMatchObject({ kid, algorithm: 'RS256' });
    clock.advance(KNOWN_BEFORE_MS);
    await ring.keep();
    expect(ring.current().algorithm).toBe('ES256');
  });

  it('are what each process says though it is asked while they change', async () => {
    const ring = await running();
    clock.advance(SIGNS_FOR_MS);
    await Promise.all([ring.keep(), ring.published(), ring.keep(), ring.published()]);
    expect(await statuses(ring)).toEqual(['Retired', 'Active', 'Published']);
  });

  it('are published by every process before any signs with one; who has not heard of a change signs what all verify', async () => {
    const [one, other] = [await running(), await running()];
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const known = (await second.published()).map(({ kid }) => kid);
      clock.advance(SIGNS_FOR_MS);
      await first.keep();
      expect(known).toContain(first.current().kid);
      expect(second.current().kid).not.toBe(first.current().kid);
      expect(await verifies(first, await token(second))).toBe(true);
      await second.keep();
      expect(second.current().kid).toBe(first.current().kid);
    }
  });

  describe('of which several processes make one at a time', () => {
    const made = async (events?: () => EventStore) => {
      const rings = Array.from({ length: 5 }, () => keyring(events && { events: events() }));
      await Promise.all(rings.map((ring) => ring.keep()));
      clock.advance(SIGNS_FOR_MS);
      await Promise.all(rings.map((ring) => ring.keep()));
      return (await subjects()).length;
    };

    it('however many look at once: a first one, the next, and the one after that', async () =>
      expect(await made()).toBe(3));

    it('which the version of their stream sees to: without it, each makes its own', async () =>
      expect(await made(() => new Unguarded(dataSource))).toBeGreaterThan(3));
  });

  it('are told in events that the topic of oauth carries', async () => {
    const ring = await running();
    await operator().revoke(ring.current().kid);
    await ring.keep();
    const events: { type: string }[] = await dataSource.query('SELECT type FROM events ORDER BY version');
    expect(TOPICS.oauth).toBe('latchkey.oauth.v1');
    expect(events.map(({ type }) => type.split('.')[2])).toEqual([
      ...['published', 'activated', 'published'],
      ...['revoked', 'activated', 'published'],
    ]);
  });
});

/** Appends whatever anybody else has appended meanwhile. */
class Unguarded extends PostgresEventStore {
  override append(append: Append) {
    return super.append({ ...append, expected: append.expected === 0 ? append.expected : 'exists' });
  }
}
