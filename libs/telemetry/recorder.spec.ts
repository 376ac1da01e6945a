import {
  decisionsIn,
  parseEvent,
  SOURCES,
  tableOf,
  TOPICS,
  type Decision,
  type DecisionEvent,
  type DecisionsRecorded,
  type EventEnvelope,
} from '@latchkey/contracts';
import { eventually, FakeClock } from '@latchkey/testing';
import type { TelemetryKind } from './ports';
import { Recorder, RECORDER_LIMITS, type RecorderLimits } from './recorder';
import { CountingReport, MemorySpool } from './testing/memory-spool';

/** Decisions as they come, without bounds of their own. */
const decisions: TelemetryKind<Decision> = {
  name: 'decisions',
  source: SOURCES.enforcement,
  topic: TOPICS.decisions,
  bytesOf: ({ path }) => 400 + 2 * (path?.length ?? 0),
  presentable: (entries) => entries,
  batchOf: (entries, node, now): DecisionEvent => ({
    type: 'latchkey.decisions.recorded.v1',
    data: { ...node, decisions: tableOf(entries, now.getTime()) },
  }),
};

const decision = (changes: Partial<Decision> = {}): Decision => ({
  timeMs: Date.UTC(2026, 0, 1),
  outcome: 'allowed',
  via: 'cache',
  secret: { workspaceId: 'w1', keyId: 'k1', number: 1 },
  scopes: ['assets:read'],
  asset: null,
  action: null,
  method: 'GET',
  path: '/api/assets',
  ip: '203.0.113.9',
  userAgent: null,
  cost: 1,
  caller: { kind: 'local' },
  ...changes,
});

function given(limits: Partial<RecorderLimits> = {}) {
  const spool = new MemorySpool();
  const clock = new FakeClock();
  const report = new CountingReport();
  const recorder = new Recorder(decisions, {
    spool,
    clock,
    report,
    limits: { ...RECORDER_LIMITS, retryMs: 5, ...limits },
    onWritten: () => {},
  });
  recorder.start();
  const record = (count: number, changes: Partial<Decision> = {}) => {
    for (let each = 0; each < count; each += 1) recorder.record(decision(changes));
  };
  const written = (count: number) => eventually(() => expect(spool.events).toHaveLength(count));
  return { spool, clock, report, recorder, record, written };
}

const decisionsOf = (event: EventEnvelope): Decision[] =>
  event.type === 'latchkey.decisions.recorded.v1'
    ? decisionsIn((parseEvent(event).data as DecisionsRecorded['data']).decisions)
    : [];
const positions = (spool: MemorySpool) => spool.written.map(({ position }) => Number(position));
const counts = (spool: MemorySpool) => spool.written.map((event) => decisionsOf(event).length);

describe('the record', () => {
  it('numbers its events from the start to the stop without a gap, and loses no entry', async () => {
    const { spool, recorder, record } = given({ entriesMax: 100 });
    record(250);
    recorder.turn();
    record(3);
    await recorder.stop(1_000);
    expect(spool.written.map(({ type }) => type)).toEqual([
      'latchkey.node.started.v1',
      ...Array.from({ length: 4 }, () => 'latchkey.decisions.recorded.v1'),
      'latchkey.node.stopped.v1',
    ]);
    expect(positions(spool)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(counts(spool)).toEqual([0, 100, 100, 50, 3, 0]);
  });

  it('says that it lives when it has nothing else to say, and not while it has', async () => {
    const { spool, clock, recorder, record, written } = given({ heartbeatMs: 10_000 });
    await written(1);
    const turnAfter = (ms: number) => {
      clock.advance(ms);
      recorder.turn();
    };
    turnAfter(9_999);
    turnAfter(1);
    await written(2);
    record(1);
    turnAfter(5_000);
    turnAfter(9_000);
    await written(3);
    expect(counts(spool)).toEqual([0, 0, 1]);
  });

  it('keeps what it could not write, in order and under its number, until it can', async () => {
    const { spool, report, recorder, record, written } = given({ entriesMax: 10 });
    await written(1);
    spool.full = true;
    record(30);
    await eventually(() => expect(report.counts.notWritten).toBeGreaterThan(1));
    spool.full = false;
    await recorder.stop(1_000);
    expect(positions(spool)).toEqual([1, 2, 3, 4, 5]);
    expect(report.counts).toMatchObject({ recorded: 30, dropped: 0 });
  });

  it('drops the newest when too much waits: bounded, counted, and a gap that shows', async () => {
    const { spool, report, recorder, record, written } = given({
      entriesMax: 10,
      unwrittenBytesMax: 25 * decisions.bytesOf(decision()),
    });
    await written(1);
    spool.full = true;
    record(50);
    await eventually(() => expect(report.counts.notWritten).toBeGreaterThan(1));
    expect(report.counts.dropped).toBe(30);
    spool.full = false;
    await recorder.stop(1_000);
    expect(counts(spool)).toEqual([0, 10, 10, 0]);
    expect(new Set(positions(spool)).size).toBe(4);
    // Three batches have a number that nobody will see.
    expect(Math.max(...positions(spool))).toBe(7);
    expect(spool.written.at(-1)?.data).toMatchObject({ dropped: 30 });
  });

  it('holds fewer entries while nothing can be written when their texts are long', async () => {
    const { spool, report, recorder, record, written } = given({ entriesMax: 10, unwrittenBytesMax: 100_000 });
    await written(1);
    spool.full = true;
    record(20, { path: '/x'.repeat(1_000) });
    record(20);
    await eventually(() => expect(report.counts.notWritten).toBeGreaterThan(1));
    expect(report.counts.dropped).toBe(0);
    record(10, { path: '/x'.repeat(1_000) });
    expect(report.counts.dropped).toBe(10);
    spool.full = false;
    await recorder.stop(1_000);
  });

  it('who tells never waits for the disk', async () => {
    const { spool, recorder, record } = given({ entriesMax: 10 });
    let open: () => void = () => {};
    spool.gate = new Promise((resolve) => (open = resolve));
    record(100);
    expect(spool.events).toEqual([]);
    open();
    await recorder.stop(1_000);
    expect(counts(spool).reduce((sum, count) => sum + count)).toBe(100);
  });

  it('stops in time though nothing can be written: then its last event is missing', async () => {
    const { spool, recorder, record, written } = given();
    await written(1);
    spool.full = true;
    record(1);
    await recorder.stop(20);
    expect(positions(spool)).toEqual([1]);
  });

  it('no event is larger than its bound, however long the texts of its entries', async () => {
    const { spool, recorder } = given({ bytesMax: 20_000 });
    for (let call = 0; call < 200; call += 1) {
      recorder.record(decision({ path: `/${call}/${'\u0001'.repeat(2_000)}`, asset: 'ü'.repeat(500), ip: `${call}` }));
    }
    await recorder.stop(1_000);
    expect(Math.max(...spool.events.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(20_000);
    expect(counts(spool).reduce((sum, count) => sum + count)).toBe(200);
    expect(positions(spool)).toEqual(spool.events.map((_, place) => place + 1));
  });
});
