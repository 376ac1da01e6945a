import { accessTokenEnvelope, type AccessTokenEntry } from '@latchkey/contracts';
import { clientUsesIn, NoteClientUses } from './note-client-uses';
import type { ClientUse } from './ports';

const entry = (clientId: string | null, timeMs: number, outcome = 'issued'): AccessTokenEntry => ({
  ...{ timeMs, outcome, endpoint: 'token', method: 'client_secret_basic', clientId, workspaceId: 'w1', jti: 't1' },
  ...{ scopes: [], expiresAtMs: null, ip: null, userAgent: null },
});

describe('what a batch of the record says of the use of clients', () => {
  it('is the latest token of each', () =>
    expect(clientUsesIn([entry('c1', 5), entry('c1', 9), entry('c1', 7), entry('c2', 4)])).toEqual([
      { clientId: 'c1', at: new Date(9) },
      { clientId: 'c2', at: new Date(4) },
    ]));

  it('is nothing for who was refused, known or not', () =>
    expect(clientUsesIn([entry('c1', 5, 'suspended'), entry(null, 6, 'unknown')])).toEqual([]));

  it('is written once, however many tokens are in it; what is no batch is passed by', async () => {
    const noted: (readonly ClientUse[])[] = [];
    const reader = new NoteClientUses({ note: async (uses) => void noted.push(uses) });
    const [node, boot, dropped] = ['n', 'b', 0];
    const accessTokens = Array.from({ length: 500 }, (_, token) => entry('c1', token));
    const events = [
      { type: 'latchkey.access_tokens.recorded.v1', data: { node, boot, dropped, accessTokens } },
      { type: 'latchkey.node.stopped.v1', data: { node, boot, dropped, stoppedAt: new Date(0).toISOString() } },
    ] as const;
    for (const event of events) {
      const value = Buffer.from(JSON.stringify(accessTokenEnvelope(event, 1, new Date(0))));
      await reader.handle({ topic: 't', key: 'k', partition: 0, offset: '0', value });
    }
    expect(noted).toEqual([[{ clientId: 'c1', at: new Date(499) }]]);
  });
});
