import type { Decision } from '@latchkey/contracts';
import { workspaceId } from '@latchkey/kernel';
import { FakeClock } from '@latchkey/testing';
import { KEY, WORKSPACE } from '../testing/keys';
import { RefusedCallers, type RefusedAttempt } from './refused-callers';

const credential = { workspaceId: WORKSPACE, keyId: KEY, secretNumber: 2 };
const ofStranger: RefusedAttempt = { reason: 'unknown', credential: null, ip: '198.51.100.1', calls: 1 };
const ofEnded: RefusedAttempt = { reason: 'revoked', credential, ip: undefined, calls: 3 };

function given() {
  const clock = new FakeClock();
  const recorded: Decision[] = [];
  const counted: Record<string, number> = {};
  const count = (name: string, calls: number) => (counted[name] = (counted[name] ?? 0) + calls);
  const callers = new RefusedCallers({
    clock,
    counter: { refused: count, unrecorded: (calls) => count('unrecorded', calls) },
    record: { record: (decision) => recorded.push(decision) },
  });
  const refuse = (attempt: RefusedAttempt, times: number) => {
    for (let each = 0; each < times; each += 1) callers.refused(attempt);
  };
  return { clock, recorded, counted, refuse };
}

describe('callers of the check that may not ask', () => {
  it('are counted by reason and recorded like any denial, with whose token it was', () => {
    const { clock, recorded, counted, refuse } = given();
    refuse(ofStranger, 1);
    refuse(ofEnded, 1);
    const asked = {
      scopes: ['enforcement:check'],
      asset: null,
      action: null,
      method: null,
      path: null,
      userAgent: null,
      cost: 1,
    };
    const timeMs = clock.now().getTime();
    const caller = { kind: 'refused' };
    expect(recorded).toEqual([
      { ...asked, timeMs, outcome: 'unknown', via: 'memory', secret: null, ip: '198.51.100.1', caller },
      {
        ...{ ...asked, timeMs, outcome: 'revoked', via: 'owner', ip: null, caller },
        secret: { workspaceId: WORKSPACE, keyId: KEY, number: 2 },
      },
    ]);
    expect(counted).toEqual({ unknown: 1, revoked: 3 });
  });

  it('fill the record only so far in a second, however many strangers there are, or of one workspace; what is left out is counted', () => {
    const { clock, recorded, counted, refuse } = given();
    refuse(ofStranger, 1_000);
    expect([recorded.length, counted]).toEqual([10, { unknown: 1_000, unrecorded: 990 }]);
    refuse(ofEnded, 1_000);
    expect(recorded).toHaveLength(30);
    for (const other of ['w2', 'w3', 'w4', 'w5', 'w6'])
      refuse({ ...ofEnded, credential: { ...credential, workspaceId: workspaceId(other) } }, 100);
    expect(recorded).toHaveLength(110);
    clock.advance(1_000);
    refuse(ofStranger, 1);
    expect(recorded).toHaveLength(111);
  });
});
