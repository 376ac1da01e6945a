import { isAppError } from '@latchkey/kernel';
import { BoundedQueue } from './bounded-queue';

/** A job that ends when it is told to. */
function held() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { job: () => ended, end };
}
const idle = () => Promise.resolve();

describe('a bounded queue', () => {
  it('runs so many at once, and the others in the order in which they came', async () => {
    const queue = new BoundedQueue({ atOnce: 2, waitingMax: 10 });
    const began: number[] = [];
    let running = 0;
    let most = 0;
    const jobs = Array.from({ length: 8 }, (_, index) =>
      queue.run(async () => {
        began.push(index);
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
      }),
    );
    await Promise.all(jobs);
    expect([began, most]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 2]);
  });

  it('refuses one more than may wait, says when to come again, and has room as soon as one ends', async () => {
    const queue = new BoundedQueue({ atOnce: 1, waitingMax: 30 });
    const { job, end } = held();
    const jobs = Array.from({ length: 31 }, () => queue.run(job));
    const refused: unknown = await queue.run(idle).catch((error: unknown) => error);
    // 30 that are thought to take 200 ms each.
    expect(isAppError(refused, 'service.unavailable') && refused.retryAfterSeconds).toBe(6);
    end();
    await Promise.all(jobs);
    await queue.run(idle);
  });

  it('serves networks in turn, and one that fills it gives way to others', async () => {
    const queue = new BoundedQueue({ atOnce: 1, waitingMax: 10 });
    const { job, end } = held();
    const first = queue.run(job, { network: 'many' });
    const began: string[] = [];
    const from = (network: string) => queue.run(async () => void began.push(network), { network });
    const many = Array.from({ length: 10 }, () => from('many').catch((error: unknown) => error));
    const few = [from('one'), from('two'), from('one')];
    end();
    await Promise.all([first, ...few]);
    expect(began.slice(0, 6)).toEqual(['many', 'one', 'two', 'many', 'one', 'many']);
    const refused = (await Promise.all(many)).filter((error) => isAppError(error, 'service.unavailable'));
    expect(refused).toHaveLength(3);
  });

  it('lets go of whoever goes away before its turn, who is never begun', async () => {
    const queue = new BoundedQueue({ atOnce: 1, waitingMax: 1 });
    const { job, end } = held();
    const first = queue.run(job);
    const gone = new AbortController();
    let begun = false;
    const left = queue.run(async () => void (begun = true), { signal: gone.signal });
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    const next = queue.run(idle);
    end();
    await Promise.all([first, next]);
    expect(begun).toBe(false);
    await expect(queue.run(idle, { signal: gone.signal })).rejects.toThrow('gone');
  });

  it('goes on after a job that failed', async () => {
    const queue = new BoundedQueue({ atOnce: 1, waitingMax: 1 });
    await expect(queue.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await queue.run(idle);
  });
});
