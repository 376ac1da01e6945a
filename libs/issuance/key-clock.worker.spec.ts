import { createLogger } from '@latchkey/platform';
import { eventually } from '@latchkey/testing';
import { Writable } from 'node:stream';
import type { KeyClock } from './application/clock/key-clock';
import { KeyClockWorker } from './key-clock.worker';

describe('the worker of the clock of keys', () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'issuance', destination });
  const workerOf = (tick: () => Promise<boolean>, everyMs: number) =>
    new KeyClockWorker({ tick } as KeyClock, everyMs, logger);

  it('goes on after a tick that failed, and says so', async () => {
    let ticks = 0;
    const worker = workerOf(async () => {
      ticks += 1;
      if (ticks === 1) throw new Error('the database is away');
      return false;
    }, 1);
    worker.onApplicationBootstrap();
    await eventually(() => expect(ticks).toBeGreaterThan(2));
    await worker.onModuleDestroy();
    expect(lines.filter((line) => line.includes('the database is away'))).toHaveLength(1);
  });

  it('stops while it waits for the next tick', async () => {
    const worker = workerOf(() => Promise.reject(new Error('never')), 86_400_000);
    worker.onApplicationBootstrap();
    await expect(worker.onModuleDestroy()).resolves.toBeUndefined();
  });

  it('has ended its last tick when it has stopped', async () => {
    let state = 'waiting';
    let finish: () => void = () => undefined;
    const worker = workerOf(async () => {
      state = 'ticking';
      await new Promise<void>((resolve) => (finish = resolve));
      state = 'done';
      return true;
    }, 1);
    worker.onApplicationBootstrap();
    await eventually(() => expect(state).toBe('ticking'));
    const stopped = worker.onModuleDestroy();
    finish();
    await stopped;
    expect(state).toBe('done');
  });
});
