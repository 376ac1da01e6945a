import { eventually } from './eventually';
import { FakeClock } from './fake-clock';
import { SequentialIds } from './sequential-ids';

describe('FakeClock', () => {
  it('moves only when told', () => {
    const clock = new FakeClock('2026-03-01T00:00:00.000Z');
    clock.advance(1_500);
    expect(clock.now()).toEqual(new Date('2026-03-01T00:00:01.500Z'));
    clock.set('2026-04-01T00:00:00.000Z');
    expect(clock.now()).toEqual(new Date('2026-04-01T00:00:00.000Z'));
  });
});

describe('SequentialIds', () => {
  it('gives ids that can be named beforehand', () => {
    const ids = new SequentialIds();
    expect([ids.next(), ids.next()]).toEqual([SequentialIds.at(1), SequentialIds.at(2)]);
  });
});

describe('eventually', () => {
  it('gives the first value that does not throw', async () => {
    let tries = 0;
    const third = () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return tries;
    };
    await expect(eventually(third, { everyMs: 1 })).resolves.toBe(3);
  });

  it('throws the last error once the time is over', async () => {
    const never = () => Promise.reject(new Error('never'));
    await expect(eventually(never, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow('never');
  });
});
