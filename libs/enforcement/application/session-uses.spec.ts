import type { SessionUse } from '@latchkey/contracts';
import { sessionId } from '@latchkey/kernel';
import { SessionUses } from './session-uses';

function given() {
  const told: (readonly SessionUse[])[] = [];
  const errors: unknown[] = [];
  const answer = { fails: false };
  const note = async (uses: readonly SessionUse[]) => {
    if (answer.fails) throw new Error('identity is away');
    told.push(uses);
  };
  return { uses: new SessionUses({ note }, (error) => errors.push(error)), told, errors, answer };
}

const NOW = Date.UTC(2026, 3, 28);
const [A, B] = [sessionId('a'), sessionId('b')];

describe('uses of sessions', () => {
  it('are told together, each session once a minute, however often it is used', async () => {
    const { uses, told } = given();
    for (let second = 0; second < 120; second += 1) {
      uses.note(A, NOW + second * 1_000);
      uses.note(B, NOW + second * 1_000);
      await uses.tell();
    }
    expect(told).toEqual([
      [
        { sessionId: A, atMs: NOW },
        { sessionId: B, atMs: NOW },
      ],
      [
        { sessionId: A, atMs: NOW + 60_000 },
        { sessionId: B, atMs: NOW + 60_000 },
      ],
    ]);
  });

  it('are bounded, and told in parts', async () => {
    const { uses, told } = given();
    for (let session = 0; session < 20_000; session += 1) uses.note(sessionId(String(session)), NOW);
    await uses.tell();
    expect(told.map((part) => part.length)).toEqual(Array.from({ length: 10 }, () => 1_000));
    uses.note(sessionId('19999'), NOW);
    await uses.tell();
    expect(told.at(-1)).toEqual([{ sessionId: '19999', atMs: NOW }]);
  });

  it('that cannot be told are reported and forgotten', async () => {
    const { uses, told, errors, answer } = given();
    answer.fails = true;
    uses.note(A, NOW);
    await uses.tell();
    answer.fails = false;
    await uses.tell();
    expect([told, errors.length]).toEqual([[], 1]);
    uses.note(A, NOW + 60_000);
    await uses.tell();
    expect(told).toHaveLength(1);
  });

  it('are nothing to tell while there are none', async () => {
    const { uses, told } = given();
    await uses.tell();
    expect(told).toEqual([]);
  });
});
