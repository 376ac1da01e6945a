import type { DenialReason, Principal } from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { ScriptedCheck } from '../testing/scripted-check';
import { jwtOf } from '../testing/jwt-of';
import { Introspection, type IntrospectionRequest, type Introspector } from './introspection';

const principal = (changes: Partial<Principal> = {}): Principal => ({
  ...{ kind: 'client', id: 'c1', secret_id: 't1', workspace_id: 'w1', user_id: 'u1', name: 'reports', assets: 'all' },
  scopes: ['assets:read', 'scans:write'],
  ...changes,
});
const KEY = principal({ kind: 'api_key', id: 'k1', secret_id: 'k1.2' });
const EXPIRING = { ...KEY, id: 'k2', secret_id: 'k2.1' };
const KEY_ENDS: Readonly<Record<string, number>> = { k2: 5_999 };
const SESSION = principal({ kind: 'session', id: 's1', secret_id: 's1.3', name: '' });

const CLAIMS = { iss: 'https://id.example', aud: 'https://api.example', iat: 100, exp: 3_700, jti: 't1', sub: 'c1' };
const TOKEN = jwtOf({ ...CLAIMS, client_id: 'c1', scope: 'assets:read admin:full' });

const WORKSPACE: Introspector = { workspaceId: workspaceId('w1'), onlyOwn: null };
const CLIENT: Introspector = { workspaceId: workspaceId('w1'), onlyOwn: clientId('c1') };

const asked = async (
  outcome: Principal | DenialReason,
  introspector = WORKSPACE,
  request: IntrospectionRequest = { token: TOKEN },
) => {
  const check = new ScriptedCheck();
  check.answer(request.token, outcome);
  const introspection = new Introspection(check, { endOf: async ({ id }) => KEY_ENDS[id] ?? null });
  return { check, answer: await introspection.introspect(introspector, request) };
};
const answerTo = async (...parameters: Parameters<typeof asked>) => (await asked(...parameters)).answer;

describe('introspection', () => {
  it('of an access token says whose it is, what it may do now, and what was issued (RFC 7662 §2.2)', async () =>
    expect(await answerTo(principal())).toEqual({
      ...{ active: true, kind: 'client', scope: 'assets:read scans:write', client_id: 'c1', token_type: 'Bearer' },
      ...{ iss: CLAIMS.iss, aud: CLAIMS.aud, iat: 100, exp: 3_700, sub: 'c1', jti: 't1', wid: 'w1' },
    }));

  it('of an API key says whose it is and which of its secrets was shown, and no scope where it has none', async () =>
    expect(await answerTo({ ...KEY, scopes: [] }, WORKSPACE, { token: 'lk_live_x' })).toEqual({
      ...{ active: true, kind: 'api_key', token_type: 'Bearer', sub: 'u1', jti: 'k1.2', wid: 'w1' },
    }));

  it('of an API key that ends by itself says when, in whole seconds and never too late', async () =>
    expect(await answerTo(EXPIRING, WORKSPACE, { token: 'lk_live_x' })).toMatchObject({ jti: 'k2.1', exp: 5 }));

  it('of a session says whose it is and when its token ends', async () =>
    expect(await answerTo(SESSION, WORKSPACE, { token: jwtOf({ iss: 'latchkey', iat: 1, exp: 2 }) })).toEqual({
      ...{ active: true, kind: 'session', scope: 'assets:read scans:write', token_type: 'Bearer' },
      ...{ iss: 'latchkey', iat: 1, exp: 2, sub: 'u1', jti: 's1.3', wid: 'w1' },
    }));

  it.each<DenialReason>([
    ...(['unknown', 'revoked', 'expired', 'token_expired', 'suspended'] as const),
    ...(['ip_not_allowed', 'mfa_required', 'asset_not_allowed'] as const),
  ])('says nothing but that it is not active where a check denies: %s', async (reason) =>
    expect(await answerTo(reason)).toEqual({ active: false }),
  );

  it('says nothing but that of a token of another workspace', async () =>
    expect(await answerTo(principal({ workspace_id: 'w2' }))).toEqual({ active: false }));

  it('tells a client without enforcement:check of its own access tokens alone', async () => {
    expect(await answerTo(principal(), CLIENT)).toMatchObject({ active: true });
    for (const other of [principal({ id: 'c2' }), { ...KEY, id: 'c1' }, { ...SESSION, id: 'c1' }])
      expect(await answerTo(other, CLIENT)).toEqual({ active: false });
  });

  it('shows a token that may touch some assets only to who minds them, as any other would let it touch all', async () => {
    const restricted = principal({ assets: ['a1', 'a2'] });
    expect(await answerTo(restricted)).toEqual({ active: false });
    for (const about of [{ own_assets: true }, { asset: 'a1' }])
      expect(await answerTo(restricted, WORKSPACE, { token: TOKEN, ...about })).toMatchObject({
        active: true,
        assets: ['a1', 'a2'],
      });
    expect(await answerTo(restricted, WORKSPACE, { token: TOKEN, own_assets: false })).toEqual({ active: false });
  });

  it('asks for what the caller knows of the call, and uses up nothing of any limit', async () => {
    const request = { token: TOKEN, ip: '192.0.2.1', asset: 'a1', own_assets: true };
    const { check } = await asked(principal(), WORKSPACE, request);
    expect(check.asked).toEqual([{ credential: TOKEN, cost: 0, ip: '192.0.2.1', asset: 'a1', own_assets: true }]);
  });

  it('keeps no answer: what is revoked is active for nobody any more', async () => {
    const check = new ScriptedCheck();
    const introspection = new Introspection(check, { endOf: async () => null });
    check.answer(TOKEN, principal());
    expect(await introspection.introspect(WORKSPACE, { token: TOKEN })).toMatchObject({ active: true });
    check.answer(TOKEN, 'revoked');
    expect(await introspection.introspect(WORKSPACE, { token: TOKEN })).toEqual({ active: false });
  });

  it('asks nobody about a text that is longer than any credential', async () => {
    const { check, answer } = await asked(principal(), WORKSPACE, { token: 'x'.repeat(16_385) });
    expect([answer, check.asked]).toEqual([{ active: false }, []]);
  });

  it('says neither yes nor no while nobody can tell', async () =>
    expect(answerTo('unavailable')).rejects.toMatchObject({ code: 'auth.unavailable' }));
});
