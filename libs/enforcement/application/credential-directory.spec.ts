import { AppError, keyId, workspaceId } from '@latchkey/kernel';
import type { CredentialRef } from '@latchkey/contracts';
import { CredentialTable } from '../adapters/credential-table';
import { CredentialDirectory } from './credential-directory';

const credential: CredentialRef = { workspaceId: workspaceId('w1'), keyId: keyId('k1'), secretNumber: 1 };
const digest = (number: number) => new Uint8Array(32).fill(number);
const numbered = (number: number) => new Uint8Array([number & 255, number >> 8, ...new Uint8Array(30)]);
const ASKER = 'one';
const UNAVAILABLE = { code: 'service.unavailable' };

/** An owner that knows the digests in `known`, and keeps count of what it was asked. */
function owner(known: Set<number>) {
  const asks: number[][] = [];
  const resolve = async (digests: readonly Uint8Array[]) => {
    asks.push(digests.map(([first]) => first ?? -1));
    return digests.map(([first]) => (known.has(first ?? -1) ? credential : null));
  };
  return { asks, directory: new CredentialDirectory({ resolve }, new CredentialTable(10)) };
}

describe('finding a credential', () => {
  it('asks the owner once, then never again', async () => {
    const { asks, directory } = owner(new Set([1]));
    expect(await directory.find(digest(1), ASKER)).toEqual(credential);
    expect(await directory.find(digest(1), ASKER)).toEqual(credential);
    expect(asks).toEqual([[1]]);
  });

  it('asks again for one that did not exist: it may exist now', async () => {
    const known = new Set<number>();
    const { directory } = owner(known);
    expect(await directory.find(digest(1), ASKER)).toBeNull();
    known.add(1);
    expect(await directory.find(digest(1), ASKER)).toEqual(credential);
  });

  it('asks of one turn of the event loop go in one call, each with its own answer', async () => {
    const { asks, directory } = owner(new Set([1, 3]));
    const found = await Promise.all([1, 2, 3].map((number) => directory.find(digest(number), ASKER)));
    expect(found).toEqual([credential, null, credential]);
    expect(asks).toEqual([[1, 2, 3]]);
  });

  it('a question never joins an ask that was under way before it came', async () => {
    const asks: number[] = [];
    let answer: (found: null[]) => void = () => {};
    const resolve = (digests: readonly Uint8Array[]) => {
      asks.push(digests.length);
      return new Promise<null[]>((settle) => (answer = settle));
    };
    const directory = new CredentialDirectory({ resolve }, new CredentialTable(10));
    const first = directory.find(digest(1), ASKER);
    await new Promise((done) => setImmediate(done));
    const answerFirst = answer;
    const second = directory.find(digest(1), ASKER);
    await new Promise((done) => setImmediate(done));
    expect(asks).toEqual([1, 1]);
    answerFirst([null]);
    answer([null]);
    expect(await Promise.all([first, second])).toEqual([null, null]);
  });

  it('splits what is too much for one call', async () => {
    const { asks, directory } = owner(new Set());
    await Promise.all(Array.from({ length: 1_200 }, (_, number) => directory.find(numbered(number), ASKER)));
    expect(asks.map((ask) => ask.length)).toEqual([500, 500, 200]);
  });

  it('a flood of keys that nobody has made holds a bounded number of calls and of waiting checks, and the rest is refused at once', async () => {
    let calls = 0;
    const answers: (() => void)[] = [];
    const resolve = (digests: readonly Uint8Array[]) => {
      calls += 1;
      return new Promise<null[]>((settle) => answers.push(() => settle(digests.map(() => null))));
    };
    const limits = { callsMax: 2, itemsPerCallMax: 3, waitingMax: 5 };
    const directory = new CredentialDirectory({ resolve }, new CredentialTable(10), limits);
    const turn = () => new Promise((done) => setImmediate(done));
    const flood = async (from: number) => {
      const finding = Array.from({ length: 5 }, (_, each) => directory.find(numbered(from + each), ASKER));
      await turn();
      await turn();
      return finding;
    };
    const taken = [...(await flood(0)), ...(await flood(5))];
    expect(calls).toBe(2);
    await expect(directory.find(numbered(99), ASKER)).rejects.toMatchObject(UNAVAILABLE);
    while (answers.length > 0) {
      answers.shift()?.();
      await turn();
      await turn();
    }
    expect(await Promise.all(taken)).toEqual(taken.map(() => null));
  });

  it('a flood of one asker neither keeps another out nor makes it wait until the flood is over', async () => {
    const answers: (() => void)[] = [];
    const resolve = (digests: readonly Uint8Array[]) =>
      new Promise<null[]>((settle) => answers.push(() => settle(digests.map(() => null))));
    const limits = { callsMax: 1, itemsPerCallMax: 2, waitingMax: 50 };
    const directory = new CredentialDirectory({ resolve }, new CredentialTable(10), limits);
    const turn = () => new Promise((done) => setImmediate(done));
    const answerOne = async () => {
      answers.shift()?.();
      await turn();
      await turn();
    };
    const find = (number: number, asker: string) => directory.find(numbered(number), asker).catch(() => 'refused');
    const flood = async (from: number, asker: string) => {
      for (let each = 0; each < 100; each += 1) void find(from + each, asker);
      await turn();
    };
    await flood(0, 'flooder');
    const other = find(1_000, 'other');
    await answerOne();
    await answerOne();
    expect(await other).toBeNull();
    await flood(2_000, 'flooder');
    // The same for who is one with the flooder: it is refused.
    expect(await find(1_001, 'flooder')).toBe('refused');
    while (answers.length > 0) await answerOne();
  });

  it('an owner that fails, or answers less than it was asked, fails every question of that ask', async () => {
    const down = new CredentialDirectory(
      { resolve: () => Promise.reject(new AppError('service.unavailable')) },
      new CredentialTable(10),
    );
    const short = new CredentialDirectory({ resolve: async () => [] }, new CredentialTable(10));
    for (const directory of [down, short]) {
      const outcomes = await Promise.allSettled([directory.find(digest(1), ASKER), directory.find(digest(2), ASKER)]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    }
  });
});
