import { ofEachOwner, type SubjectOwner } from '@latchkey/contracts';
import { openDatabase } from '@latchkey/event-store';
import { eventually, startTcpProxy, type TcpProxy } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { PostgresSubjects } from '../postgres/postgres-subjects';
import { RenewalSession } from '../postgres/renewal-session';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import { keyBody } from '../testing/bodies';
import { startOwners, type Owners } from '../testing/owners';
import { queryFor } from '../testing/query';
import { liveStateTiming } from '../timing';
import { MemoryLiveState } from './memory-live-state';

const timing = liveStateTiming(300);
const ISSUANCE = 'issuance';

/** The lock on the database is not what is tested here. */
const lease = { held: () => true, soleInMs: () => 0 };

describe('live state in memory', () => {
  let owners: Owners;
  let network: TcpProxy;
  /** The way to issuance's database that a test can spoil. */
  let spoilt: DataSource;
  let asked: Set<SubjectOwner>;
  const running: MemoryLiveState[] = [];

  beforeEach(async () => {
    owners = await startOwners();
    network = await startTcpProxy(owners.url);
    spoilt = await openDatabase({ url: network.url, schema: ISSUANCE, migrations: [], applicationName: 'spoilt' });
    asked = new Set();
  });
  afterEach(async () => {
    network.restore();
    await Promise.all(running.splice(0).map((live) => live.stop()));
    await spoilt.destroy();
    await network.stop();
    await owners.stop();
  });

  const start = (issuance: DataSource = owners.dataSource(ISSUANCE), safeguards: Safeguards = ALL_SAFEGUARDS) => {
    const live = new MemoryLiveState({
      owners: {
        read(owner, refs) {
          asked.add(owner);
          return owners.reader.read(owner, refs);
        },
      },
      dataSources: { ...ofEachOwner(owners.dataSource), issuance },
      lease,
      timing,
      safeguards,
    });
    running.push(live);
    live.start();
    return live;
  };
  const newKey = async () => {
    const id = randomUUID();
    await owners.write({ kind: 'key', id, body: keyBody() });
    return id;
  };
  const revoked = (id: string) => ({ kind: 'key', id, body: keyBody({ status: 'revoked' }) }) as const;
  const known = async (live: MemoryLiveState, id: string) =>
    eventually(async () => expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'allowed', via: 'memory' }));
  const pendingRows = async () => {
    const sql = 'SELECT count(*)::int AS count FROM pending_invalidation';
    const [row] = await owners.dataSource(ISSUANCE).query<{ count: number }[]>(sql);
    return row?.count;
  };

  /** The change is committed, and its owner's process never learns: the answer to COMMIT is lost. */
  async function revokeUnanswered(id: string): Promise<void> {
    const commit = spoilt.transaction(async (tx) => {
      await new PostgresSubjects(spoilt).write(tx, revoked(id));
      network.stall('answers');
    });
    const failure = expect(commit).rejects.toThrow();
    await eventually(async () =>
      expect(await owners.reader.read(ISSUANCE, [{ kind: 'key', id }])).toMatchObject([{ version: 2 }]),
    );
    network.cut();
    await failure;
  }

  it('a revoke whose COMMIT was never answered denies the key within a lease', async () => {
    const live = start();
    const id = await newKey();
    await known(live, id);
    await revokeUnanswered(id);
    const denied = async () => expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'denied' });
    await eventually(denied, { timeoutMs: timing.leaseMs });
  });

  it('(without pending rows) it would go on to pass', async () => {
    const live = start(undefined, { ...ALL_SAFEGUARDS, pendingRows: false });
    const id = await newKey();
    await known(live, id);
    await revokeUnanswered(id);
    const until = performance.now() + 3 * timing.leaseMs;
    await eventually(async () => {
      expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'allowed', via: 'memory' });
      expect(performance.now()).toBeGreaterThan(until);
    });
  });

  it('a revoke that was answered denies the key at once', async () => {
    const live = start();
    const id = await newKey();
    await known(live, id);
    const change = await owners.write(revoked(id));
    await live.settle([change]);
    expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'denied', denial: 'not active' });
  });

  it.each([
    ['does not answer', (proxy: TcpProxy) => proxy.stall()],
    ['cannot be reached', (proxy: TcpProxy) => proxy.cut()],
  ])('an owner whose database %s: what is kept of it counts for a lease', async (_, spoil) => {
    const live = start(spoilt);
    const id = await newKey();
    await known(live, id);
    spoil(network);
    asked.clear();
    const askedFor = async () =>
      expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'allowed', via: 'owner' });
    await eventually(askedFor, { timeoutMs: 2 * timing.leaseMs });
    expect([...asked]).toEqual([ISSUANCE]);
    network.restore();
    await known(live, id);
  });

  it('pending rows are deleted', async () => {
    const live = start();
    for (let i = 0; i < 3; i++) {
      const id = await newKey();
      await live.settle([await owners.write(revoked(id))]);
    }
    await eventually(async () => expect(await pendingRows()).toBe(0));
  });

  it('a change whose row a former process took along is known to this one', async () => {
    const former = await RenewalSession.open(owners.dataSource(ISSUANCE), timing);
    expect(await former.lead()).toBe(true);
    const live = start();
    const [id, other] = [await newKey(), await newKey()];
    for (let i = 0; i < 2; i++) expect(await live.decide(queryFor(id))).toMatchObject({ via: 'owner' });
    await owners.write(revoked(id));
    await former.forget(await former.pending());
    await former.close();
    await known(live, other);
    expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'denied', denial: 'not active' });
  });
});
