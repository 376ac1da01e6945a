import { ofEachOwner } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { keyBody } from '../testing/bodies';
import { startOwners, type Owners } from '../testing/owners';
import { queryFor } from '../testing/query';
import { liveStateTiming } from '../timing';
import { ExclusiveLease } from './exclusive-lease';
import { MemoryLiveState } from './memory-live-state';

const timing = liveStateTiming(300);

describe('the lock of the one process with live state in memory', () => {
  let owners: Owners;
  const leases: ExclusiveLease[] = [];
  const processes: MemoryLiveState[] = [];
  const lost: Error[] = [];

  beforeEach(async () => {
    lost.length = 0;
    owners = await startOwners();
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((live) => live.stop()));
    await Promise.all(leases.splice(0).map((lease) => lease.release()));
    await owners.stop();
  });

  const take = async () => {
    const lease = await ExclusiveLease.take({
      dataSource: owners.dataSource('issuance'),
      timing,
      onLost: (reason) => lost.push(reason),
    });
    if (lease !== null) leases.push(lease);
    return lease;
  };
  const taken = async () => {
    const lease = await take();
    if (lease === null) throw new Error('the lock is not free');
    return lease;
  };
  const process = (lease: ExclusiveLease) => {
    const dataSources = ofEachOwner(owners.dataSource);
    const live = new MemoryLiveState({ owners: owners.reader, dataSources, lease, timing });
    processes.push(live);
    live.start();
    return live;
  };
  const endSessions = () =>
    owners
      .dataSource('identity')
      .query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%exclusive-lease'`);
  const newKey = async () => {
    const id = randomUUID();
    await owners.write({ kind: 'key', id, body: keyBody() });
    return id;
  };
  const revoke = (id: string) => owners.write({ kind: 'key', id, body: keyBody({ status: 'revoked' }) });

  it('is held by one process at a time', async () => {
    await taken();
    expect(await take()).toBeNull();
  });

  it('is free again when its holder has gone', async () => {
    await (await taken()).release();
    await eventually(taken);
    expect(lost).toEqual([]);
  });

  it('stays held for longer than a lease, as it is confirmed', async () => {
    const lease = await taken();
    const until = performance.now() + 3 * timing.leaseMs;
    await eventually(() => {
      expect(lease.held()).toBe(true);
      expect(performance.now()).toBeGreaterThan(until);
    });
  });

  it('lost: the process is told once, accepts nothing more and acknowledges nothing more', async () => {
    const lease = await taken();
    const live = process(lease);
    const id = await newKey();
    expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'allowed' });
    await endSessions();
    await eventually(() => expect(lost).toHaveLength(1));
    expect(await live.decide(queryFor(id))).toEqual({ kind: 'unavailable' });
    await expect(live.settle([await revoke(id)])).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('taken over: a change is not acknowledged before the former holder accepts nothing any more', async () => {
    await taken();
    const id = await newKey();
    await endSessions();
    const began = performance.now();
    const next = process(await eventually(taken));
    await next.settle([await revoke(id)]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(2 * timing.leaseMs);
  });

  it('taken over: nothing is kept while the former holder may still acknowledge changes', async () => {
    const lease = await taken();
    const live = process(lease);
    const id = await newKey();
    await live.decide(queryFor(id));
    expect(await live.decide(queryFor(id))).toMatchObject({ via: 'owner' });
    await revoke(id);
    expect(await live.decide(queryFor(id))).toMatchObject({ kind: 'denied' });
    const other = await newKey();
    await eventually(async () => expect(await live.decide(queryFor(other))).toMatchObject({ via: 'memory' }));
    expect(lease.soleInMs()).toBe(0);
  });
});
