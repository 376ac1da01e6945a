import type { SubjectOwner, SubjectReader, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import { LiveStateCounters } from './counters';
import { OwnerAsks } from './owner-asks';
import { ALL_SAFEGUARDS } from './safeguards';

/** Answers when it is told to, and remembers how much of what it was asked. */
class HeldOwner implements SubjectReader {
  readonly asked: SubjectRef[] = [];
  #waiting: (() => void)[] = [];

  read(_owner: SubjectOwner, refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    this.asked.push(...refs);
    const answer = refs.map((ref) => ({ ...ref, version: 0, body: null }));
    return new Promise((resolve) => this.#waiting.push(() => resolve(answer)));
  }

  answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const MADE_UP = 20_000;

describe('asks about sessions that somebody made up', () => {
  async function flooded() {
    const owner = new HeldOwner();
    const asks = new OwnerAsks(owner, 5_000, new LiveStateCounters(), ALL_SAFEGUARDS);
    const refusals: unknown[] = [];
    for (let session = 0; session < MADE_UP; session += 1) {
      void asks.ask({ kind: 'session', id: String(session) }).catch((error: unknown) => refusals.push(error));
    }
    await turns(5);
    return { owner, asks, refusals };
  }

  it('wait within a bound of their own: the rest is refused at once', async () => {
    const { owner, refusals } = await flooded();
    expect([owner.asked.length, refusals.length]).toEqual([1_000, MADE_UP - 2_000]);
    expect(refusals.every((error) => isAppError(error, 'service.unavailable'))).toBe(true);
    owner.answerAll();
  });

  it('do not keep anybody from asking about a user meanwhile', async () => {
    const { owner, asks } = await flooded();
    const user = asks.ask({ kind: 'user', id: 'u' });
    await turns(2);
    expect(owner.asked.at(-1)).toEqual({ kind: 'user', id: 'u' });
    owner.answerAll();
    expect(await user).toMatchObject({ kind: 'user', body: null });
  });
});
