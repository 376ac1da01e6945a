import { readVerifyingKey } from '../adapters/node-verifying-key';
import { nodeSha256 } from '../adapters/node-sha256';
import { liveClient, TERMS, TestSigningKey } from '../testing/access-tokens';
import { AccessTokens } from './access-tokens';
import { SigningKeys } from './signing-keys';

const key = new TestSigningKey('ES256');
const jtiOf = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** With a count of the signatures that were looked at. */
function given(tokensMax = 100) {
  const verified = { times: 0 };
  const live = liveClient([key]);
  const keys = new SigningKeys(live, (id, told) => {
    const read = readVerifyingKey(id, told);
    return read && { ...read, verify: (...args) => ((verified.times += 1), read.verify(...args)) };
  });
  const tokens = new AccessTokens(TERMS, keys, tokensMax);
  const find = (text: string) => tokens.recall(nodeSha256(text)) ?? tokens.verify(text, nodeSha256(text), 'anybody');
  return { find, verified, live, tokens };
}

describe('access tokens', () => {
  it('are verified once each', async () => {
    const { find, verified } = given();
    const [one, other] = [key.token({ jti: jtiOf(1) }), key.token({ jti: jtiOf(2) })];
    for (const text of [one, other, one, other, one])
      expect(await find(text)).toMatchObject({ jti: expect.any(String) });
    expect(verified.times).toBe(2);
  });

  it('that are none are never remembered', async () => {
    const { find, verified } = given();
    const forged = key.token().replace(/[^.]+$/, Buffer.alloc(64, 1).toString('base64url'));
    expect([await find(forged), await find(forged)]).toEqual(['unknown', 'unknown']);
    expect(verified.times).toBe(2);
  });

  it('that nobody uses are forgotten, and the others stay, however many come', async () => {
    const { find, verified, tokens } = given(10);
    const used = key.token({ jti: jtiOf(0) });
    const others = Array.from({ length: 40 }, (_, number) => key.token({ jti: jtiOf(number + 1) }));
    for (const text of others) for (const each of [used, text]) await find(each);
    expect(verified.times).toBe(41);
    expect(others.filter((text) => tokens.recall(nodeSha256(text)) !== undefined).length).toBeLessThanOrEqual(10);
  });

  it('of another issuer, or for another audience, cost no question and no signature', async () => {
    const { find, verified, live } = given();
    expect(await find(key.token({ iss: 'https://evil.example' }))).toBe('unreadable');
    expect(await find(key.token({ aud: 'https://evil.example' }))).toBe('unreadable');
    expect([verified.times, live.asked]).toEqual([0, []]);
  });
});

describe('a signing key', () => {
  const stranger = new TestSigningKey('RS256');

  it('that there is not is asked for again: it may be published the next moment', async () => {
    const { find, live } = given();
    expect(await find(stranger.token())).toBe('unknown');
    live.put(stranger.id, stranger.subject);
    expect(await find(stranger.token())).toMatchObject({ signingKeyId: stranger.id });
  });

  it.each<[string, TestSigningKey['subject']]>([
    ['is another by its thumbprint', { ...key.subject, jwk: { ...key.subject.jwk, x: String(key.subject.jwk['y']) } }],
    ['is for another algorithm', { ...key.subject, algorithm: 'RS256' }],
  ])('is not taken where what is told of it %s', async (_, told) => {
    const { find, live } = given();
    live.put(key.id, told);
    await expect(find(key.token())).rejects.toMatchObject({ code: 'service.internal' });
  });

  it('is found for one asker while another asks for keys without end', async () => {
    const waiting: (() => void)[] = [];
    const live = liveClient([key]);
    const slow = {
      read: (...args: Parameters<typeof live.read>) =>
        new Promise<Awaited<ReturnType<typeof live.read>>>((resolve) =>
          waiting.push(() => resolve(live.read(...args))),
        ),
    };
    const keys = new SigningKeys(slow, readVerifyingKey, { callsMax: 1, itemsPerCallMax: 1, waitingMax: 4 });
    const made = Array.from({ length: 20 }, (_, number) =>
      keys.find(`made up ${number}`, 'a flood').catch(() => 'refused'),
    );
    const good = keys.find(key.id, 'a good caller');
    const answered = setInterval(() => waiting.splice(0).forEach((answer) => answer()));
    try {
      expect(await good).toMatchObject({ algorithm: 'ES256' });
      expect((await Promise.all(made)).filter((each) => each === 'refused').length).toBeGreaterThan(10);
    } finally {
      clearInterval(answered);
    }
  });
});
