import { Turns } from './turns';

/** A job that runs till it is let go. */
function held() {
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  let begun = false;
  const job = () => {
    begun = true;
    return gone;
  };
  return { job, letGo, begun: () => begun };
}

/** All that can happen by itself has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('so many run at once, and others follow in the order in which they came', async () => {
    const turns = new Turns({ atOnce: 2, waitingMax: 10 });
    const jobs = Array.from({ length: 4 }, held);
    const begun = () => jobs.map((each) => each.begun());
    const runs = jobs.map(({ job }) => turns.run(job));
    await settled();
    expect(begun()).toEqual([true, true, false, false]);
    jobs[1]?.letGo();
    await settled();
    expect(begun()).toEqual([true, true, true, false]);
    for (const { letGo } of jobs) letGo();
    await Promise.all(runs);
  });

  it('a job that fails gives its place to the next', async () => {
    const turns = new Turns({ atOnce: 1, waitingMax: 1 });
    const failed = turns.run(() => Promise.reject(new Error('broken')));
    const next = turns.run(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('broken');
    expect(await next).toBe('done');
    expect(await turns.run(() => Promise.resolve('again'))).toBe('again');
  });

  it('one who has much to do holds up nobody else', async () => {
    const turns = new Turns({ atOnce: 1, waitingMax: 10 });
    const done: string[] = [];
    const doFor = (asker: string) => turns.run(async () => void done.push(asker), asker);
    const askers = ['busy', 'busy', 'busy', 'busy', 'one', 'other'];
    await Promise.all(askers.map(doFor));
    expect(done).toEqual(['busy', 'busy', 'one', 'other', 'busy', 'busy']);
  });

  it('one who has too much waiting makes room for another', async () => {
    const turns = new Turns({ atOnce: 1, waitingMax: 2 });
    const first = held();
    const running = turns.run(first.job);
    const waiting = ['busy', 'busy', 'other'].map((asker) => turns.run(() => Promise.resolve(asker), asker));
    const outcomes = Promise.allSettled(waiting);
    first.letGo();
    await running;
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('refuses what would wait behind too many', async () => {
    const turns = new Turns({ atOnce: 1, waitingMax: 1 });
    const first = held();
    const runs = [turns.run(first.job), turns.run(() => Promise.resolve())];
    await expect(turns.run(() => Promise.resolve())).rejects.toMatchObject({ code: 'service.unavailable' });
    first.letGo();
    await Promise.all(runs);
  });
});
