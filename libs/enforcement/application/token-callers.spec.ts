import { AppError } from '@latchkey/kernel';
import type { KeySubject } from '@latchkey/contracts';
import { CredentialTable } from '../adapters/credential-table';
import { nodeSha256 } from '../adapters/node-sha256';
import { activeKey, KEY, liveWorkspace, newSecret, resolverOf, WORKSPACE } from '../testing/keys';
import type { PresentedCaller } from './callers';
import { CredentialDirectory } from './credential-directory';
import { TokenCallers } from './token-callers';

const TOKEN = newSecret();
const serviceKey = { scopes: ['enforcement:check'] };

function given(key: Partial<KeySubject> = {}, { open = false } = {}) {
  const live = liveWorkspace({ ...serviceKey, ...key });
  const resolver = resolverOf(TOKEN);
  const errors: unknown[] = [];
  const asked = { times: 0 };
  const parts = {
    credentials: new CredentialDirectory(resolver, new CredentialTable(10)),
    liveAccess: {
      decide: <Denial>(query: Parameters<typeof live.decide<Denial>>[0]) => {
        asked.times += 1;
        return live.decide(query);
      },
    },
    sha256: nodeSha256,
    onError: (error: unknown) => errors.push(error),
  };
  const callers = new TokenCallers(parts, open);
  const admit = (caller: Partial<PresentedCaller> = {}) =>
    callers.admit({ authorization: `Bearer ${TOKEN}`, certified: false, ...caller });
  return { admit, live, resolver, errors, asked, parts };
}

const admitted = { verdict: 'admitted', workspaceId: WORKSPACE };
const everywhere = { verdict: 'admitted', workspaceId: null };
const nothing = { authorization: undefined };

describe('who shows no token', () => {
  it('may ask about everything with a certificate of the installation, else nothing', () => {
    expect(given().admit({ ...nothing, certified: true })).toEqual(everywhere);
    expect(given().admit(nothing)).toEqual({ verdict: 'unauthenticated' });
  });

  it('may ask where nobody but this machine can', () => {
    expect(given({}, { open: true }).admit(nothing)).toEqual(everywhere);
  });
});

describe('who shows a service token', () => {
  it('may ask about its workspace alone, a certificate and an open address notwithstanding', async () => {
    expect(await given().admit()).toEqual(admitted);
    expect(await given().admit({ certified: true })).toEqual(admitted);
    expect(await given({}, { open: true }).admit()).toEqual(admitted);
  });

  it.each<[string, Partial<KeySubject>]>([
    ['revoked', { status: 'revoked' }],
    ['suspended', { status: 'suspended' }],
    ['expired', { expiresAtMs: 1 }],
    ['of a secret that was rotated away', { secrets: [{ number: 2, graceUntilMs: null }] }],
  ])('is nobody when it is %s, on an open address too', async (_, key) => {
    expect(await given(key).admit()).toEqual({ verdict: 'unauthenticated' });
    expect(await given(key, { open: true }).admit({ certified: true })).toEqual({ verdict: 'unauthenticated' });
  });

  it.each([
    ['', 'nothing'],
    ['Bearer', 'no token'],
    ['Basic dTpw', 'another scheme'],
    [`Bearer ${TOKEN} ${TOKEN}`, 'two tokens'],
    [`Bearer ${TOKEN}x`, 'a typo'],
    [`Bearer ${newSecret()}`, 'an unknown one'],
    [TOKEN, 'a bare one'],
  ])('is nobody with %j: %s', async (authorization) => {
    expect(await given({}, { open: true }).admit({ authorization, certified: true })).toEqual({
      verdict: 'unauthenticated',
    });
  });

  it('may not ask without the scope, nor from an address that the token is not for', async () => {
    expect(await given({ scopes: ['assets:read'] }).admit()).toEqual({ verdict: 'forbidden' });
    const bound = { allowedIps: ['203.0.113.0/24'] };
    expect(await given(bound).admit({ ip: '203.0.113.9' })).toEqual(admitted);
    expect(await given(bound).admit({ ip: '198.51.100.1' })).toEqual({ verdict: 'forbidden' });
    expect(await given(bound).admit()).toEqual({ verdict: 'forbidden' });
  });

  it('may ask with the admin scope, which covers every other', async () => {
    expect(await given({ scopes: ['admin:full'] }).admit()).toEqual(admitted);
  });

  it('is stopped by no limit of its own, and uses none up', async () => {
    const { admit, live } = given({ plan: 'standard' });
    for (let call = 0; call < 150; call += 1) expect(await admit()).toEqual(admitted);
    expect(live.counted.size).toBe(0);
  });

  it('is refused from the next call on when it is revoked', async () => {
    const { admit, live } = given();
    expect(await admit()).toEqual(admitted);
    live.put(KEY, { ...activeKey, ...serviceKey, status: 'revoked' });
    expect(await admit()).toEqual({ verdict: 'unauthenticated' });
  });

  it('is looked at once for all calls of a turn of the event loop', async () => {
    const { admit, asked } = given();
    const verdicts = await Promise.all(Array.from({ length: 1_000 }, async () => admit()));
    expect(verdicts).toEqual(verdicts.map(() => admitted));
    expect(asked.times).toBe(1);
  });

  it('is not let in by a look that began before its call came', async () => {
    const { admit, live } = given();
    await admit();
    const before = admit();
    // Everything that can happen at once has happened, and the turn of the event loop goes on.
    for (let step = 0; step < 100; step += 1) await Promise.resolve();
    live.put(KEY, { ...activeKey, ...serviceKey, status: 'revoked' });
    const after = admit();
    expect(await after).toEqual({ verdict: 'unauthenticated' });
    await before;
  });

  it('shares no answer with another address', async () => {
    const { admit } = given({ allowedIps: ['203.0.113.9'] });
    const [inside, outside] = await Promise.all([admit({ ip: '203.0.113.9' }), admit({ ip: '198.51.100.1' })]);
    expect([inside, outside]).toEqual([admitted, { verdict: 'forbidden' }]);
  });

  it('is told "not now" while nobody can say, and a fault is reported', async () => {
    const dark = given();
    dark.live.available = false;
    expect(await dark.admit()).toEqual({ verdict: 'unavailable' });
    const without = (error: Error) => {
      const { parts, errors } = given();
      const callers = new TokenCallers({ ...parts, credentials: { find: () => Promise.reject(error) } }, true);
      return { errors, verdict: callers.admit({ authorization: `Bearer ${TOKEN}`, certified: false }) };
    };
    expect(await without(new AppError('service.unavailable')).verdict).toEqual({ verdict: 'unavailable' });
    const broken = without(new TypeError('a fault of ours'));
    expect(await broken.verdict).toEqual({ verdict: 'unavailable' });
    expect(broken.errors).toHaveLength(1);
  });
});
