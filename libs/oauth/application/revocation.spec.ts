import { formatClientSecret, formatKey, profileByName, SESSION_TOKEN_TYPE, type Profile } from '@latchkey/access';
import type { DenialReason, Principal } from '@latchkey/contracts';
import { clientId, requestId, workspaceId } from '@latchkey/kernel';
import { jwtOf } from '../testing/jwt-of';
import { ScriptedCheck } from '../testing/scripted-check';
import { Revocation } from './revocation';

const CLIENT = { clientId: clientId('c1'), workspaceId: workspaceId('w1') };
const REQUEST = requestId('r1');
const TOKEN = jwtOf({ client_id: 'c1', jti: 't1', gen: 2, exp: 3_700 });
const LIVE: Principal = {
  ...{ kind: 'client', id: 'c1', secret_id: 't1', workspace_id: 'w1', user_id: 'u1', name: 'reports' },
  ...{ scopes: [], assets: 'all' },
};

function given(outcome: Principal | DenialReason, token = TOKEN) {
  const check = new ScriptedCheck();
  check.answer(token, outcome);
  const revoked: unknown[] = [];
  const revocation = new Revocation(check, { execute: async (command) => void revoked.push(command) });
  return { revoked, check, revoke: () => revocation.revoke(CLIENT, token, REQUEST) };
}

const profile = profileByName('s4e') as Profile;
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, index) => index * 7);
const KEY = formatKey(profile, 'live', bytes).reveal();
const SESSION = '01900000-0000-7000-8000-000000000001';
const SESSION_TOKEN = jwtOf(
  { sid: SESSION, wid: SESSION, jti: `${SESSION}.1` },
  { alg: 'HS256', typ: SESSION_TOKEN_TYPE },
);

describe('revocation', () => {
  it("ends a token of the client's own, till it would have expired", async () => {
    const { revoked, revoke } = given(LIVE);
    await revoke();
    expect(revoked).toEqual([
      { ...CLIENT, jti: 't1', generation: 2, expiresAt: new Date(3_700_000), requestId: REQUEST },
    ]);
  });

  it.each<DenialReason>(['suspended', 'ip_not_allowed', 'mfa_required'])(
    'ends one that a check denies for now: %s',
    async (reason) => {
      const { revoked, revoke } = given(reason);
      await revoke();
      expect(revoked).toHaveLength(1);
    },
  );

  it.each<DenialReason>(['unknown', 'revoked', 'expired', 'token_expired'])(
    'is content with a token that is no good any more: %s (RFC 7009 §2.2)',
    async (reason) => {
      const { revoked, revoke } = given(reason);
      await revoke();
      expect(revoked).toEqual([]);
    },
  );

  it('is content with what is no token', async () => {
    for (const text of ['garbage', 'a.b.c', 'x'.repeat(100_000)]) {
      const { revoked, revoke } = given('unknown', text);
      await revoke();
      expect(revoked).toEqual([]);
    }
  });

  it("refuses to end another client's token, and says so (RFC 7009 §2.1)", async () => {
    const { revoked, revoke } = given({ ...LIVE, id: 'c2' }, jwtOf({ client_id: 'c2', jti: 't2', exp: 3_700 }));
    await expect(revoke()).rejects.toMatchObject({ error: 'unauthorized_client', status: 400 });
    expect(revoked).toEqual([]);
  });

  it.each<DenialReason | Principal>([LIVE, 'unknown', 'revoked', 'token_expired', 'suspended'])(
    "does not tell whether another client's token is any good: %j",
    async (outcome) => {
      const { check, revoke } = given(outcome, jwtOf({ client_id: 'c2', jti: 't2', exp: 3_700 }));
      await expect(revoke()).rejects.toMatchObject({ error: 'unauthorized_client' });
      expect(check.asked).toEqual([]);
    },
  );

  it('does not pretend to have ended a credential of a form that it does not know', async () => {
    const { revoked, revoke } = given({ ...LIVE, kind: 'api_key' }, 'acme_live_0123456789');
    await expect(revoke()).rejects.toMatchObject({ error: 'unsupported_token_type', status: 400 });
    expect(revoked).toEqual([]);
  });

  it.each([
    ['an API key', KEY],
    ['a mistyped API key', KEY.slice(0, -1) + (KEY.endsWith('0') ? '1' : '0')],
    ['the secret of a client', formatClientSecret(profile, bytes).reveal()],
    ["a session's token", SESSION_TOKEN],
  ])('does not pretend to have ended %s', async (_, token) => {
    const { revoked, check, revoke } = given('unknown', token);
    await expect(revoke()).rejects.toMatchObject({ error: 'unsupported_token_type', status: 400 });
    expect([revoked, check.asked]).toEqual([[], []]);
  });

  it('does not pretend to have ended anything while nobody can tell what it is', async () => {
    const { revoked, revoke } = given('unavailable');
    await expect(revoke()).rejects.toMatchObject({ code: 'auth.unavailable' });
    expect(revoked).toEqual([]);
  });
});
