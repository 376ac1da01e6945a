import { formatKey, profileByName, type Profile } from '@latchkey/access';
import type { DenialReason, Principal } from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { ScriptedCheck } from '../testing/scripted-check';
import type { AuthenticatedClient, TokenEndpointRequest } from './client-authentication';
import { parseForm } from './form';
import { Introspectors } from './introspectors';
import { OauthError } from './oauth-error';

const profile = profileByName('s4e') as Profile;
const KEY = formatKey(profile, 'live', (count) => Uint8Array.from({ length: count }, (_, index) => index * 7)).reveal();
const PRINCIPAL: Principal = {
  ...{ kind: 'api_key', id: 'k1', secret_id: 'k1.1', workspace_id: 'w1', user_id: 'u1', name: 'gateway' },
  ...{ scopes: ['enforcement:check'], assets: 'all' },
};

const clientWith = (...scopes: string[]) =>
  ({ clientId: clientId('c1'), workspaceId: workspaceId('w2'), profile, scopes }) as unknown as AuthenticatedClient;

function admitted(request: Partial<TokenEndpointRequest> & { body?: string }, scopes: readonly string[] = []) {
  const check = new ScriptedCheck();
  const clients = { authenticate: () => Promise.resolve(clientWith(...scopes)) };
  const { body = '', ...rest } = request;
  const asked = { endpoint: 'introspection', authorization: undefined, ip: undefined, userAgent: undefined } as const;
  return { check, admit: () => new Introspectors(clients, check).admit({ ...asked, form: parseForm(body), ...rest }) };
}

describe('who introspects', () => {
  it('is a client, which is told of its own access tokens', async () =>
    expect(await admitted({}, ['assets:read']).admit()).toEqual({ workspaceId: 'w2', onlyOwn: 'c1' }));

  it.each(['enforcement:check', 'admin:full'])(
    'is a client with %s, which is told of every credential of its workspace',
    async (scope) => expect(await admitted({}, [scope]).admit()).toEqual({ workspaceId: 'w2', onlyOwn: null }),
  );

  it('is whoever shows a key or an access token that may ask for checks, from where it may be used; nothing is counted', async () => {
    for (const kind of ['api_key', 'client'] as const) {
      const { check, admit } = admitted({ authorization: `Bearer ${KEY}`, ip: '192.0.2.1' });
      check.answer(KEY, { ...PRINCIPAL, kind });
      expect(await admit()).toEqual({ workspaceId: 'w1', onlyOwn: null });
      expect(check.asked).toEqual([{ credential: KEY, scopes: ['enforcement:check'], ip: '192.0.2.1', cost: 0 }]);
    }
  });

  it.each<[DenialReason | Principal, string]>([
    ['unknown', 'invalid_token'],
    ['revoked', 'invalid_token'],
    ['expired', 'invalid_token'],
    ['suspended', 'invalid_token'],
    ['ip_not_allowed', 'invalid_token'],
    ['scope_missing', 'insufficient_scope'],
    [{ ...PRINCIPAL, kind: 'session' }, 'invalid_token'],
  ])('is nobody by a Bearer of which a check says %j: 401 %s (RFC 7662 §2.3)', async (outcome, error) => {
    const { check, admit } = admitted({ authorization: `Bearer ${KEY}` });
    check.answer(KEY, outcome);
    await expect(admit()).rejects.toMatchObject({
      error,
      status: 401,
      headers: { 'www-authenticate': `Bearer error="${error}"` },
    });
  });

  it('is not asked again while nobody can tell', async () => {
    const { check, admit } = admitted({ authorization: `Bearer ${KEY}` });
    check.answer(KEY, 'unavailable');
    await expect(admit()).rejects.toMatchObject({ code: 'auth.unavailable' });
  });

  it.each(['client_secret=s', 'client_assertion=a', 'client_assertion_type=t'])(
    'is for the authentication of clients to refuse where a Bearer comes with %s',
    async (body) => {
      const { check, admit } = admitted({ authorization: `Bearer ${KEY}`, body });
      await admit();
      expect(check.asked).toEqual([]);
    },
  );

  it('is nobody where no client is', async () => {
    const refusal = new OauthError('invalid_client', 'Client authentication failed.');
    const nobody = new Introspectors({ authenticate: () => Promise.reject(refusal) }, new ScriptedCheck());
    for (const authorization of [undefined, 'Basic abc', 'Bearer', 'Bearer ', 'Digest x'])
      await expect(nobody.admit(requestWith(authorization))).rejects.toBe(refusal);
  });
});

const requestWith = (authorization: string | undefined): TokenEndpointRequest => ({
  ...{ endpoint: 'introspection', form: parseForm(''), ip: undefined, userAgent: undefined },
  authorization,
});
