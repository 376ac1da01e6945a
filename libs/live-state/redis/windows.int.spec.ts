import type { Window } from '@latchkey/contracts';
import { startRedis, type RedisProcess } from '@latchkey/testing';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ALL_SAFEGUARDS } from '../safeguards';
import { CallLog } from '../testing/call-log';
import { TwoBuckets } from '../testing/two-buckets';
import { liveStateTiming } from '../timing';
import { CheckBatch } from './check-batch';
import { connectRedis, redisReady } from './connect-redis';

const NODES = 5;
const LIMIT = 100;
const LENGTH_MS = 600;

interface Call {
  readonly atMs: number;
  readonly allowed: boolean;
}

describe('windows in Redis', () => {
  let redis: RedisProcess;
  let connections: Redis[];
  let nodes: CheckBatch[];

  beforeAll(async () => {
    redis = await startRedis();
    const timing = { ...liveStateTiming(), commandTimeoutMs: 10_000 };
    connections = Array.from({ length: NODES }, () => connectRedis(redis.url, timing));
    await Promise.all(connections.map(redisReady));
    nodes = connections.map((connection) => new CheckBatch(connection, 0, ALL_SAFEGUARDS));
  });
  afterAll(async () => {
    for (const connection of connections) connection.disconnect();
    await redis.stop();
  });

  const call = async (node: CheckBatch, windowKey: string, windows: readonly Window[], cost = 1): Promise<Call> => {
    const answer = await node.run({ subjects: [], count: { notAfterMs: null, windows, windowKey, cost } });
    if (answer.kind !== 'current' && answer.kind !== 'limited') throw new Error(`unexpected answer ${answer.kind}`);
    return { atMs: answer.nowMs, allowed: answer.kind === 'current' };
  };

  /** All nodes call at once, shortly before the end of one span of the clock and again shortly before the end of the next. */
  async function race(): Promise<Call[]> {
    const windows = [{ name: 'span', limit: LIMIT, lengthMs: LENGTH_MS }];
    const windowKey = randomUUID();
    const calls: Promise<Call>[] = [];
    const span = Math.ceil(Date.now() / LENGTH_MS) * LENGTH_MS;
    for (const burstAt of [
      span + 0.9 * LENGTH_MS,
      span + 1.85 * LENGTH_MS,
      span + 2.1 * LENGTH_MS,
      span + 2.8 * LENGTH_MS,
    ]) {
      await pause(Math.max(0, burstAt - Date.now()));
      for (let i = 0; i < 60; i++) calls.push(...nodes.map((node) => call(node, windowKey, windows)));
    }
    return Promise.all(calls);
  }

  it('five nodes race: no span of the window holds more than the limit, and a full one holds exactly the limit', async () => {
    expect(mostInAnySpan(await race())).toBe(LIMIT);
  });

  it('the same calls exceed the limit when two buckets estimate the window', async () => {
    const arrivals = (await race()).sort((a, b) => a.atMs - b.atMs);
    const estimate = new TwoBuckets(LIMIT, LENGTH_MS);
    // Its buckets may begin anywhere: let the first burst come late in one, even if this machine was slow to start it.
    const origin = (arrivals[0]?.atMs ?? 0) - 0.9 * LENGTH_MS;
    const calls = arrivals.map(({ atMs }) => ({ atMs, allowed: estimate.allows(atMs - origin) }));
    expect(mostInAnySpan(calls)).toBeGreaterThan(LIMIT);
  });

  type Lengths = readonly number[];
  type Step = { readonly waitMs: number; readonly cost: number; readonly plan: number };

  /** Plays calls under plans that follow one another, beside a log of all that were allowed. */
  const playBesideLog = (
    lengths: Lengths,
    plan: fc.Arbitrary<Lengths>,
    step: fc.Arbitrary<Step>,
    judge: (allowed: boolean, allowedByLog: boolean) => void,
  ) =>
    fc.asyncProperty(
      fc.array(plan, { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 40 }),
      async (plans, steps) => {
        const [windowKey, log] = [randomUUID(), new CallLog()];
        for (const { waitMs, cost, plan: chosen } of steps) {
          if (waitMs > 0) await pause(waitMs);
          const windows = windowsOf(lengths, plans[chosen] ?? []);
          const { allowed, atMs } = await call(anyNode(nodes), windowKey, windows, cost);
          judge(allowed, log.allows(windows, cost, atMs));
          if (allowed) log.add(cost, atMs);
        }
      },
    );

  it('decide as a log of all calls does, whatever plans follow one another', async () => {
    const plan = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 25 }));
    const step = fc.record({
      waitMs: fc.constantFrom(0, 0, 1, 10, 45),
      cost: fc.integer({ min: 1, max: 3 }),
      plan: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      playBesideLog([40, 120], plan, step, (allowed, allowedByLog) => expect(allowed).toBe(allowedByLog)),
      { numRuns: 25, interruptAfterTimeLimit: 8_000 },
    );
  });

  it('above a thousand never admit late, whatever plans follow one another', async () => {
    const plan = fc.tuple(fc.constantFrom(300, 900, 2_000), fc.constantFrom(500, 1_000, 5_000));
    const step = fc.record({
      waitMs: fc.constantFrom(0, 0, 1, 20, 60),
      cost: fc.integer({ min: 1, max: 400 }),
      plan: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      playBesideLog([50, 200], plan, step, (allowed, allowedByLog) => {
        if (allowed) expect(allowedByLog).toBe(true);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 8_000 },
    );
  });

  it('keep no more than eight kilobytes for a limit of a thousand, and nothing once they are idle', async () => {
    const windows = [{ name: 'span', limit: 1_000, lengthMs: 200 }];
    await Promise.all(Array.from({ length: 1_000 }, () => call(anyNode(nodes), 'size', windows)));
    const [connection] = connections;
    expect(await connection?.strlen('{p0}:window:size')).toBeLessThan(8_100);
    expect(await connection?.pttl('{p0}:window:size')).toBeLessThanOrEqual(400);
  });
});

const anyNode = (nodes: readonly CheckBatch[]): CheckBatch => {
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw new Error('no nodes');
  return node;
};

const windowsOf = (lengths: readonly number[], limits: readonly number[]): Window[] =>
  lengths.map((lengthMs, place) => ({ name: `${lengthMs} ms`, limit: limits[place] ?? 1, lengthMs }));

/** A span is half open: of two calls exactly one length apart only one is in it. */
function mostInAnySpan(calls: readonly Call[]): number {
  const log = new CallLog();
  const passed = calls.filter(({ allowed }) => allowed);
  for (const { atMs } of passed) log.add(1, atMs);
  return Math.max(
    ...passed.map(({ atMs }) => log.used(LENGTH_MS, atMs) - passed.filter((call) => call.atMs > atMs).length),
  );
}
