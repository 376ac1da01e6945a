import { formatKey, profileByName, type Profile } from '@latchkey/access';
import type { AccessTokenEntry, DenialReason, Principal } from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { FakeClock } from '@latchkey/testing';
import { nodeSha256 } from '../adapters/node-signing-machinery';
import { ScriptedCheck } from '../testing/scripted-check';
import { AddressLimits } from './address-limits';
import type { AuthenticatedClient, TokenEndpointRequest } from './client-authentication';
import { parseForm } from './form';
import { Introspectors, type IntrospectorsParts } from './introspectors';
import { OauthError } from './oauth-error';

const profile = profileByName('s4e') as Profile;
const KEY = formatKey(profile, 'live', (count) => Uint8Array.from({ length: count }, (_, index) => index * 7)).reveal();
const PRINCIPAL: Principal = {
  ...{ kind: 'api_key', id: 'k1', secret_id: 'k1.1', workspace_id: 'w1', user_id: 'u1', name: 'gateway' },
  ...{ scopes: ['enforcement:check'], assets: 'all' },
};

const clientWith = (...scopes: string[]) =>
  ({ clientId: clientId('c1'), workspaceId: workspaceId('w2'), profile, scopes }) as unknown as AuthenticatedClient;

/** Where two may fail from one address in a minute. */
const given = (parts: Partial<IntrospectorsParts>): Introspectors =>
  new Introspectors({
    clients: { authenticate: () => Promise.resolve(clientWith()) },
    access: new ScriptedCheck(),
    addresses: new AddressLimits({
      ...{ requestsPerMinute: 100, failuresPerMinute: 2, failuresOfOnePerMinute: 2 },
      clock: new FakeClock(),
    }),
    record: { record: () => undefined },
    ...{ sha256: nodeSha256, clock: new FakeClock() },
    ...parts,
  });

function admitted(request: Partial<TokenEndpointRequest> & { body?: string }, scopes: readonly string[] = []) {
  const check = new ScriptedCheck();
  const clients = { authenticate: () => Promise.resolve(clientWith(...scopes)) };
  const recorded: AccessTokenEntry[] = [];
  const introspectors = given({ clients, access: check, record: { record: (entry) => void recorded.push(entry) } });
  const { body = '', ...rest } = request;
  const asked = { endpoint: 'introspection', authorization: undefined, ip: undefined, userAgent: undefined } as const;
  return { check, recorded, admit: () => introspectors.admit({ ...asked, form: parseForm(body), ...rest }) };
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

  it('is recorded where it may not, with the true reason, and nothing of what it showed', async () => {
    const { check, admit, recorded } = admitted({ authorization: `Bearer ${KEY}`, ip: '192.0.2.1', userAgent: 'job' });
    check.answer(KEY, 'revoked');
    await expect(admit()).rejects.toMatchObject({ status: 401 });
    expect(recorded).toMatchObject([
      { outcome: 'revoked', endpoint: 'introspection', method: 'bearer', ip: '192.0.2.1', userAgent: 'job' },
    ]);
    expect(JSON.stringify(recorded)).not.toContain(KEY);
  });

  it('is refused unasked where so many have failed at its address, unless it was good there the last time', async () => {
    const access = new ScriptedCheck();
    const introspectors = given({ access });
    const ask = (bearer: string, ip = '192.0.2.1') =>
      introspectors.admit({ ...requestWith(`Bearer ${bearer}`), ip }).then(
        () => 200,
        ({ status }: OauthError) => status,
      );
    const [good, other] = [KEY, 'another.good.one'];
    for (const bearer of [good, other]) access.answer(bearer, PRINCIPAL);
    expect(await ask(good)).toBe(200);
    expect([await ask('x'), await ask('y'), await ask('z'), await ask(other)]).toEqual([401, 401, 429, 429]);
    expect(access.asked.map(({ credential }) => credential)).toEqual([good, 'x', 'y']);
    expect([await ask(good), await ask(other, '192.0.2.2')]).toEqual([200, 200]);
    access.answer(good, 'revoked');
    expect([await ask(good), await ask(good)]).toEqual([401, 429]);
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
    const nobody = given({ clients: { authenticate: () => Promise.reject(refusal) } });
    for (const authorization of [undefined, 'Basic abc', 'Bearer', 'Bearer ', 'Digest x'])
      await expect(nobody.admit(requestWith(authorization))).rejects.toBe(refusal);
  });
});

const requestWith = (authorization: string | undefined): TokenEndpointRequest => ({
  ...{ endpoint: 'introspection', form: parseForm(''), ip: undefined, userAgent: undefined },
  authorization,
});
