import { decisionEnvelope, tableOf, type Decision } from '@latchkey/contracts';
import { NoteUses, usesIn } from './note-uses';
import type { SecretUse } from '../ports';
import { USERS_MAX, usersIn, withinBound, type BatchRef, type OldSecretUse, type SecretUser } from './old-secret-users';

const decision = (timeMs: number, changes: Partial<Decision> = {}): Decision => ({
  timeMs,
  outcome: 'allowed',
  via: 'cache',
  secret: { workspaceId: 'w', keyId: 'k1', number: 1 },
  ...{
    scopes: [],
    asset: null,
    action: null,
    method: null,
    path: null,
    ip: null,
    userAgent: null,
    cost: 1,
    caller: null,
  },
  ...changes,
});
const usesOf = (...decisions: Decision[]) => usesIn(tableOf(decisions, 0));
const secret = (keyId: string, number: number) => ({ secret: { workspaceId: 'w', keyId, number } });

describe('what a batch of decisions says of the use of keys', () => {
  it('is the latest allowed call of each secret', () => {
    expect(
      usesOf(decision(5), decision(9), decision(7), decision(3, secret('k1', 2)), decision(4, secret('k2', 1))),
    ).toEqual([
      { keyId: 'k1', secretNumber: 1, at: new Date(9) },
      { keyId: 'k1', secretNumber: 2, at: new Date(3) },
      { keyId: 'k2', secretNumber: 1, at: new Date(4) },
    ]);
  });

  it('is the use of a service token too, by whoever asked with it, whatever the answer was', () => {
    const caller = { kind: 'token', ...secret('token', 1) } as const;
    expect(usesOf(decision(5, { outcome: 'unknown', secret: null, caller }))).toEqual([
      { keyId: 'token', secretNumber: 1, at: new Date(5) },
    ]);
    expect(usesOf(decision(5, { outcome: 'revoked', caller: { kind: 'refused' } }))).toEqual([]);
  });

  it('is nothing for who only looks at a key, nor for access tokens', () => {
    const token = { workspaceId: 'w', clientId: 'c1', jti: 'j1' };
    expect(usesOf(decision(5, { cost: 0 }), decision(6, { secret: token }))).toEqual([]);
  });

  it('is nothing for calls that were refused', () => {
    expect(usesOf(decision(1, { outcome: 'revoked' }), decision(2, { outcome: 'unknown', secret: null }))).toEqual([]);
  });
});

describe('who uses the old secrets of keys, by a batch of decisions', () => {
  const from = (ip: string | null, userAgent: string | null) => ({ ip, userAgent });
  const user = (
    ip: string | null,
    userAgent: string | null,
    first: number,
    last: number,
    count: number,
  ): SecretUser => ({
    ...{ ip, userAgent, firstUsedAt: new Date(first), lastUsedAt: new Date(last), count },
  });
  const usersOf = (...decisions: Decision[]) => usersIn(tableOf(decisions, 0), new Set(['k1.1', 'token.2']));

  it('is each address and program, with its first and last use, and how many there were', () => {
    expect(
      usersOf(
        decision(5, from('203.0.113.9', 'curl/8.5.0')),
        decision(3, from('203.0.113.9', 'curl/8.5.0')),
        decision(9, from('203.0.113.9', 'python-requests/2.32')),
        decision(7, from(null, null)),
      ),
    ).toEqual([
      {
        keyId: 'k1',
        users: [
          user('203.0.113.9', 'curl/8.5.0', 3, 5, 2),
          user('203.0.113.9', 'python-requests/2.32', 9, 9, 1),
          user(null, null, 7, 7, 1),
        ],
      },
    ]);
  });

  it('is nobody for other secrets, and for calls that use none', () => {
    expect(
      usersOf(decision(5, secret('k1', 2)), decision(6, { cost: 0 }), decision(7, { outcome: 'expired' })),
    ).toEqual([]);
  });

  it('is nobody in particular for a service token, as the call is not its own', () => {
    const caller = { kind: 'token', ...secret('token', 2) } as const;
    const asked = decision(5, { ...from('203.0.113.9', 'curl'), ...secret('k2', 1), caller });
    expect(usersOf(asked)).toEqual([{ keyId: 'token', users: [user(null, null, 5, 5, 1)] }]);
  });

  it('are so many at most, and all others together', () => {
    const users = Array.from({ length: USERS_MAX + 2 }, (_, n) => user('203.0.113.9', `a ${n}`, n, 100 - n, 2));
    const { each, others } = withinBound([], users);
    expect(each).toEqual(users.slice(0, USERS_MAX));
    expect(others).toEqual({ firstUsedAt: new Date(50), lastUsedAt: new Date(50), count: 4 });
    // Whoever has a row keeps it.
    expect(withinBound(users.slice(2), users)).toMatchObject({ each: users.slice(2), others: { count: 4 } });
  });
});

describe('reading the decisions', () => {
  const noted: (readonly SecretUse[])[] = [];
  const counted: [BatchRef, readonly OldSecretUse[]][] = [];
  const told: unknown[] = [];
  let old = new Set<string>();
  const reader = new NoteUses(
    { note: async (uses) => void noted.push(uses) },
    { among: async () => old, count: async (...batch) => void counted.push(batch) },
    { heard: async (...until) => void told.push(until), gone: async (id) => void told.push(['gone', id]) },
  );
  const handle = (value: string) =>
    reader.handle({ topic: 't', key: 'k', partition: 0, offset: '0', value: Buffer.from(value) });
  const [node, boot, dropped] = ['n', 'b', 0];
  const batch = (...decisions: Decision[]) => ({ node, boot, dropped, decisions: tableOf(decisions, 70) });
  const handleBatch = (position: number, ...decisions: Decision[]) => {
    const event = { type: 'latchkey.decisions.recorded.v1', data: batch(...decisions) } as const;
    return handle(JSON.stringify(decisionEnvelope(event, position, new Date(0))));
  };
  beforeEach(() => {
    for (const each of [noted, counted, told]) each.splice(0);
    old = new Set();
  });

  it('writes once for a batch, however many calls are in it', async () => {
    await handleBatch(1, ...Array.from({ length: 500 }, (_, call) => decision(call)));
    expect(noted).toEqual([[{ keyId: 'k1', secretNumber: 1, at: new Date(499) }]]);
  });

  it('counts who uses old secrets, if any are used, and says which batch it was', async () => {
    await handleBatch(3, decision(5));
    expect(counted).toEqual([]);
    old = new Set(['k1.1']);
    await handleBatch(4, decision(6), decision(7, secret('k2', 1)));
    expect(counted).toEqual([
      [{ boot, position: 4 }, [{ keyId: 'k1', users: [expect.objectContaining({ count: 1 })] }]],
    ]);
  });

  it('knows of each node up to when its record is known, and forgets one that has stopped', async () => {
    await handleBatch(1, decision(5), decision(3));
    // A heartbeat.
    await handleBatch(2);
    const data = { node, boot, dropped, stoppedAt: new Date(0).toISOString() };
    await handle(JSON.stringify(decisionEnvelope({ type: 'latchkey.node.stopped.v1', data }, 3, new Date(0))));
    expect(told).toEqual([
      [node, new Date(5)],
      [node, new Date(70)],
      ['gone', node],
    ]);
  });

  it('passes by what is no batch, and refuses what is none though it says so', async () => {
    await handle('{"type":"latchkey.of.the.future.v1","data":{}}');
    expect(noted).toEqual([]);
    for (const poison of ['{', '{"data":1}', '{"type":"latchkey.decisions.recorded.v1","data":{"secret":"x"}}'])
      await expect(handle(poison)).rejects.toMatchObject({ name: 'PoisonMessageError' });
  });
});
