import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeOfSource, parseEvent, TOPICS, type SignInEntry, type SignInsRecorded } from '@latchkey/contracts';
import type { BusMessage } from '@latchkey/event-bus';
import { userId, workspaceId } from '@latchkey/kernel';
import { UuidV7Source } from '@latchkey/platform';
import { startRecord } from '@latchkey/telemetry';
import { eventually } from '@latchkey/testing';
import { Registry } from 'prom-client';
import type { SignInAttempt } from './application/sign-in-ports';
import { RecordedSignIns, signInTelemetry } from './application/sign-in-telemetry';

const attempt = (changes: Partial<SignInAttempt> = {}): SignInAttempt => ({
  outcome: 'wrong_password',
  userId: userId('u1'),
  workspaceId: workspaceId('w1'),
  ip: '192.0.2.1',
  userAgent: 'a browser',
  at: new Date('2026-04-28T12:00:00Z'),
  method: 'password',
  captcha: 'not_asked',
  ...changes,
});

/** A bus that can be away. */
class Bus {
  readonly received: BusMessage[] = [];
  isAway = false;

  publish(messages: readonly BusMessage[]): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.received.push(...messages);
    return Promise.resolve();
  }

  get events() {
    return this.received.map(({ value }) => parseEvent(JSON.parse(value.toString())));
  }

  get signIns(): readonly SignInEntry[] {
    return this.events.flatMap(({ type, data }) =>
      type === 'latchkey.sign_ins.recorded.v1' ? (data as SignInsRecorded['data']).signIns : [],
    );
  }
}

describe('the record of who signs in', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-sign-ins-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function recordTo(bus: Bus) {
    const failed: unknown[] = [];
    const note = (error: unknown) => void failed.push(error);
    const record = await startRecord(signInTelemetry, {
      ...{ folder, bus, boot: new UuidV7Source().next(), metrics: new Registry() },
      log: { onDropped: note, onNotWritten: note, onNotPublished: note },
      ...{ spoolBytesMax: 10_000_000, heartbeatMs: 10_000 },
    });
    const counted = { all: 0, unrecorded: 0 };
    const operators = { record: () => void (counted.all += 1), unrecorded: () => void (counted.unrecorded += 1) };
    return { record, failed, counted, signIns: new RecordedSignIns(record, operators) };
  }

  it('has every attempt, with its true reason, in numbered events from a source of this node of identity', async () => {
    const bus = new Bus();
    const { record, signIns } = await recordTo(bus);
    signIns.record(attempt({ outcome: 'succeeded' }));
    signIns.record(attempt({ outcome: 'no_such_account', userId: null, workspaceId: null }));
    await record.stop(5_000);
    expect(bus.signIns).toMatchObject([
      { outcome: 'succeeded', userId: 'u1', workspaceId: 'w1', ip: '192.0.2.1', timeMs: 1_777_377_600_000 },
      { outcome: 'no_such_account', userId: null, workspaceId: null },
    ]);
    expect(bus.events.map(({ position }) => position)).toEqual(['1', '2', '3']);
    expect(new Set(bus.received.map(({ topic }) => topic))).toEqual(new Set([TOPICS.signIns]));
    for (const { source } of bus.events)
      expect([nodeOfSource(source) === null, source]).toEqual([false, expect.stringMatching(/^latchkey\/identity\//)]);
  });

  it('waits for nobody while the bus is away, and loses nothing, over a restart too', async () => {
    const bus = new Bus();
    bus.isAway = true;
    const first = await recordTo(bus);
    for (let each = 0; each < 5_000; each += 1) first.signIns.record(attempt());
    await first.record.stop(5_000);
    expect([bus.signIns.length, first.failed.length > 0]).toEqual([0, true]);
    bus.isAway = false;
    const second = await recordTo(bus);
    await eventually(() => expect(bus.signIns).toHaveLength(5_000));
    await second.record.stop(5_000);
    const positionsOf = (boot: string) =>
      bus.events.flatMap((event) => (nodeOfSource(event.source)?.boot === boot ? [Number(event.position)] : []));
    for (const boot of new Set(bus.events.map(({ source }) => nodeOfSource(source)?.boot ?? '')))
      expect(positionsOf(boot)).toEqual(positionsOf(boot).map((_, place) => place + 1));
  });

  it('cannot be filled by who is refused at once, or guesses at accounts that there are not: what is left out is counted', async () => {
    const bus = new Bus();
    const { record, signIns, counted } = await recordTo(bus);
    const outcomes = ['rate_limited', 'captcha_required', 'no_such_account', 'challenge_ended', 'unavailable'] as const;
    for (let each = 0; each < 1_000; each += 1)
      for (const outcome of outcomes) signIns.record(attempt({ outcome, userId: null }));
    signIns.record(attempt());
    signIns.record(attempt({ outcome: 'rate_limited', at: new Date('2026-04-28T12:00:01Z') }));
    await record.stop(5_000);
    expect([bus.signIns.length, counted]).toEqual([22, { all: 5_002, unrecorded: 4_980 }]);
  });

  it('holds no key that a stranger has put into the name of a browser, and not more of it than 256 characters', async () => {
    const bus = new Bus();
    const { record, signIns } = await recordTo(bus);
    signIns.record(attempt({ userAgent: `lk_live_${'a1'.repeat(22)}` }));
    signIns.record(attempt({ userAgent: 'x'.repeat(10_000) }));
    await record.stop(5_000);
    expect(JSON.stringify(bus.signIns)).not.toContain('a1a1a1');
    expect(bus.signIns.map(({ userAgent }) => (userAgent?.length ?? 0) <= 256)).toEqual([true, true]);
  });
});
