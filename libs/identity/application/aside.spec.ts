import { Aside } from './aside';

describe('work that nobody waits for', () => {
  it('is waited for at the end, and what fails in it is reported once', async () => {
    const errors: unknown[] = [];
    const aside = new Aside((error) => errors.push(error));
    const done: string[] = [];
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    aside.run(() => held.then(() => void done.push('held')));
    aside.run(() => Promise.reject(new Error('failed')));
    expect(done).toEqual([]);
    finish();
    await aside.done();
    await aside.done();
    expect([done, errors]).toEqual([['held'], [new Error('failed')]]);
  });
});
