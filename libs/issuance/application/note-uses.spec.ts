import { decisionEnvelope, tableOf, type Decision } from '@latchkey/contracts';
import { NoteUses, usesIn } from './note-uses';
import type { SecretUse } from './ports';

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

describe('reading the decisions', () => {
  const noted: (readonly SecretUse[])[] = [];
  const reader = new NoteUses({ note: async (uses) => void noted.push(uses) });
  const handle = (value: string) =>
    reader.handle({ topic: 't', key: 'k', partition: 0, offset: '0', value: Buffer.from(value) });
  const [node, boot, dropped] = ['n', 'b', 0];
  beforeEach(() => void noted.splice(0));

  it('writes once for a batch, however many calls are in it', async () => {
    const decisions = tableOf(
      Array.from({ length: 500 }, (_, call) => decision(call)),
      0,
    );
    const data = { node, boot, dropped, decisions };
    await handle(JSON.stringify(decisionEnvelope({ type: 'latchkey.decisions.recorded.v1', data }, 1, new Date(0))));
    expect(noted).toEqual([[{ keyId: 'k1', secretNumber: 1, at: new Date(499) }]]);
  });

  it('passes by what is no batch, and refuses what is none though it says so', async () => {
    const data = { node, boot, dropped, stoppedAt: new Date(0).toISOString() };
    await handle(JSON.stringify(decisionEnvelope({ type: 'latchkey.node.stopped.v1', data }, 1, new Date(0))));
    await handle('{"type":"latchkey.of.the.future.v1","data":{}}');
    expect(noted).toEqual([]);
    for (const poison of ['{', '{"data":1}', '{"type":"latchkey.decisions.recorded.v1","data":{"secret":"x"}}'])
      await expect(handle(poison)).rejects.toMatchObject({ name: 'PoisonMessageError' });
  });
});
