import type { PendingRow } from '../postgres/renewal-session';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import { keyBody } from '../testing/bodies';
import { liveStateTiming } from '../timing';
import { MemoryEntries } from './memory-entries';
import { MemoryRenewer, type PendingRecords } from './memory-renewer';

const timing = liveStateTiming(900);
const key = { kind: 'key', id: 'key-1' } as const;
const change: PendingRow = { ...key, rowId: '1', version: 2, workspaceId: null };

/** An owner's table of pending rows. `leader: false`: another process has the lock. */
class Table implements PendingRecords {
  rows: readonly PendingRow[] = [];
  leader = true;
  readMs = 0;
  fails: 'pending' | 'forget' | null = null;

  lead = () => Promise.resolve(this.leader);
  pending = () => {
    const { rows } = this;
    jest.advanceTimersByTime(this.readMs);
    return this.fails === 'pending' ? Promise.reject(new Error('cut off')) : Promise.resolve(rows);
  };
  forget = (gone: readonly PendingRow[]) => {
    if (this.fails === 'forget') return Promise.reject(new Error('cut off'));
    this.rows = this.rows.filter((row) => !gone.includes(row));
    return Promise.resolve();
  };
  close = () => Promise.resolve();
}

describe('the renewer of entries in memory', () => {
  let table: Table;
  let entries: MemoryEntries;

  beforeEach(() => {
    jest.useFakeTimers();
    table = new Table();
    entries = new MemoryEntries(10);
  });
  afterEach(() => jest.useRealTimers());

  const renewer = (off?: keyof Safeguards, kept: Pick<MemoryEntries, 'invalidate' | 'clear'> = entries) =>
    new MemoryRenewer({
      entries: kept,
      openRecords: () => Promise.resolve(table),
      timing,
      safeguards: off === undefined ? ALL_SAFEGUARDS : { ...ALL_SAFEGUARDS, [off]: false },
      onError: () => undefined,
    });
  const keep = () => entries.fill({ ...key, version: 1, body: keyBody() }, entries.beforeAsk());

  it('nothing counts before the first round', () => {
    expect(renewer().valid()).toBe(false);
  });

  it('what is kept counts for a lease after a round', async () => {
    const running = renewer();
    await running.round();
    jest.advanceTimersByTime(timing.leaseMs - 1);
    expect(running.valid()).toBe(true);
    jest.advanceTimersByTime(1);
    expect(running.valid()).toBe(false);
  });

  it.each([
    ['is over before it counts', undefined, false],
    ['(without the safeguard) begins when they were read', 'absoluteUntil' as const, true],
  ])('pending rows that came a lease late: the lease %s', async (_, off, valid) => {
    const running = renewer(off);
    table.readMs = timing.leaseMs;
    await running.round();
    expect(running.valid()).toBe(valid);
  });

  it('a change is in place and its row gone after a round', async () => {
    const running = renewer();
    await running.round();
    keep();
    table.rows = [change];
    await running.round();
    expect(entries.get(key)).toBeUndefined();
    expect(table.rows).toEqual([]);
  });

  it('a round that reads nothing prolongs nothing', async () => {
    const running = renewer();
    await running.round();
    jest.advanceTimersByTime(timing.renewEveryMs);
    table.fails = 'pending';
    await expect(running.round()).rejects.toThrow('cut off');
    jest.advanceTimersByTime(timing.leaseMs - timing.renewEveryMs);
    expect(running.valid()).toBe(false);
  });

  it('rows that could not be deleted are put in place again', async () => {
    const running = renewer();
    table.rows = [change];
    table.fails = 'forget';
    await expect(running.round()).rejects.toThrow('cut off');
    table.fails = null;
    await running.round();
    expect(table.rows).toEqual([]);
  });

  it('nothing counts while another process may delete rows', async () => {
    const running = renewer();
    table.leader = false;
    await running.round();
    expect(running.valid()).toBe(false);
  });

  it.each([
    ['is forgotten', () => entries, undefined],
    [
      '(without the safeguard) counts',
      () => ({ invalidate: entries.invalidate.bind(entries), clear: () => undefined }),
      1,
    ],
  ])('what was kept while another process could delete rows %s', async (_, kept, version) => {
    const running = renewer(undefined, kept());
    table.leader = false;
    await running.round();
    keep();
    table.leader = true; // and the other has taken the row of a change along
    await running.round();
    expect(running.valid()).toBe(true);
    expect(entries.get(key)?.version).toBe(version);
  });
});
