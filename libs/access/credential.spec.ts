import fc from 'fast-check';
import { extractCredential, type CredentialCarriers } from './credential';
import type { CredentialForm } from './profiles/profile';
import { HEADER_FORMS } from './profiles/common';

const ALL: readonly CredentialForm[] = ['bearer', 'x-api-key', 'cookie', 'body', 'query'];
const KEY = 's4e_live_2pbxnikjgcbc4kfhoqdtulld11v3htha';
const SESSION = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.c2lnbmF0dXJl';
const ID = '01900000-0000-7000-8000-0000000000c1';
const ACCESS_TOKEN = [
  { alg: 'RS256', typ: 'at+jwt', kid: 'k'.repeat(43) },
  { iss: 'i', aud: 'a', sub: ID, client_id: ID, jti: ID, iat: 1, exp: 2, scope: '', wid: ID, gen: 1 },
  'a signature',
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

/** The outcome with the secret laid open. */
function extract(carriers: Partial<CredentialCarriers>, forms = ALL) {
  const result = extractCredential({ headers: {}, ...carriers }, forms);
  return result.kind === 'found' ? { ...result, credential: result.credential.reveal() } : result;
}

describe('a credential is found', () => {
  it.each<[CredentialForm, Partial<CredentialCarriers>, string]>([
    ['bearer', { headers: { authorization: `Bearer ${KEY}` } }, KEY],
    ['bearer', { headers: { authorization: `bearer   ${KEY} ` } }, KEY],
    ['bearer', { headers: { authorization: ['Basic dTpw', `Bearer ${KEY}`] } }, KEY],
    ['x-api-key', { headers: { 'x-api-key': KEY } }, KEY],
    ['x-api-key', { headers: { 'x-api-key': KEY, authorization: 'Basic dTpw' } }, KEY],
    ['cookie', { cookies: { token: SESSION, other: 'x' } }, SESSION],
    ['body', { body: { assets: ['example.com'], token: KEY } }, KEY],
    ['query', { query: { token: SESSION } }, SESSION],
    ['bearer', { headers: { authorization: `Bearer ${ACCESS_TOKEN}` } }, ACCESS_TOKEN],
    ['x-api-key', { headers: { 'x-api-key': ACCESS_TOKEN } }, ACCESS_TOKEN],
    ['body', { body: { token: ACCESS_TOKEN } }, ACCESS_TOKEN],
  ])('in the form %s', (via, carriers, credential) => {
    expect(extract(carriers)).toEqual({ kind: 'found', credential, via });
  });

  it('once, when the same stands in several places', () => {
    const carriers = { headers: { authorization: `Bearer ${KEY}`, 'x-api-key': [KEY, KEY] }, body: { token: KEY } };
    expect(extract(carriers)).toEqual({ kind: 'found', credential: KEY, via: 'bearer' });
  });

  it('and is not printed by accident', () => {
    const result = extractCredential({ headers: { 'x-api-key': KEY } }, ALL);
    expect(JSON.stringify(result)).not.toContain(KEY);
  });
});

describe('no credential is found', () => {
  it.each<[string, Partial<CredentialCarriers>]>([
    ['in an empty request', {}],
    ['in the scheme of somebody else', { headers: { authorization: 'Basic dTpw' } }],
    ['in a scheme that begins like Bearer', { headers: { authorization: `Bearerly ${KEY}` } }],
    ['in a body that is no object', { body: `token=${KEY}` }],
    ['in a body that is null', { body: null }],
    ['in a list', { body: [{ token: KEY }] }],
    ['in a field of another name', { body: { Token: KEY }, query: { TOKEN: KEY } }],
  ])('%s', (_, carriers) => {
    expect(extract(carriers)).toEqual({ kind: 'missing' });
  });

  it('in a form that is switched off', () => {
    expect(extract({ body: { token: KEY }, query: { token: SESSION } }, HEADER_FORMS)).toEqual({ kind: 'missing' });
    expect(extract({ headers: { authorization: `Bearer ${KEY}` } }, ['x-api-key'])).toEqual({ kind: 'missing' });
  });
});

describe('two different credentials are refused (C4)', () => {
  const other = KEY.replace('s4e_live', 's4e_test');
  const single: Record<CredentialForm, (token: unknown) => Partial<CredentialCarriers>> = {
    bearer: (token) => ({ headers: { authorization: `Bearer ${String(token)}` } }),
    'x-api-key': (token) => ({ headers: { 'x-api-key': String(token) } }),
    cookie: (token) => ({ cookies: { token: String(token) } }),
    query: (token) => ({ query: { token } }),
    body: (token) => ({ body: { token } }),
  };

  it('in any two places', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL), fc.constantFrom(...ALL), (one, two) => {
        fc.pre(one !== two);
        const [first, second] = [single[one](KEY), single[two](other)];
        const headers = { ...first.headers, ...second.headers };
        expect(extract({ ...first, ...second, headers })).toEqual({ kind: 'multiple' });
      }),
    );
  });

  it.each<[string, Partial<CredentialCarriers>]>([
    ['two Bearer headers', { headers: { authorization: [`Bearer ${KEY}`, `Bearer ${other}`] } }],
    ['two X-API-Key headers', { headers: { 'x-api-key': [KEY, other] } }],
    ['a cookie for two paths', { cookies: { token: [SESSION, `${SESSION}x`] } }],
    ['a parameter twice', { query: { token: [SESSION, `${SESSION}x`] } }],
    ['one of them empty', { headers: { authorization: `Bearer ${KEY}` }, body: { token: '' } }],
    ['one of them no text', { headers: { authorization: `Bearer ${KEY}` }, body: { token: 7 } }],
  ])('%s', (_, carriers) => {
    expect(extract(carriers)).toEqual({ kind: 'multiple' });
  });
});

describe('what cannot be a credential is malformed', () => {
  it.each<[string, Partial<CredentialCarriers>]>([
    ['an empty Bearer', { headers: { authorization: 'Bearer' } }],
    ['two words after Bearer', { headers: { authorization: `Bearer ${KEY} ${KEY}` } }],
    ['an empty X-API-Key', { headers: { 'x-api-key': '' } }],
    ['X-API-Key with a scheme (S4-03)', { headers: { 'x-api-key': `Bearer ${KEY}` } }],
    ['headers that Node has joined', { headers: { 'x-api-key': `${KEY}, ${KEY}` } }],
    ['a control character', { headers: { 'x-api-key': `${KEY}\u0000` } }],
    ['a number in the body', { body: { token: 42 } }],
    ['null in the body', { body: { token: null } }],
    ['a list in the body', { body: { token: [KEY] } }],
    ['an object in the query', { query: { token: { $ne: '' } } }],
    ['an API key in the query, where only session tokens go', { query: { token: KEY } }],
    ['an API key in the cookie', { cookies: { token: KEY } }],
    ['an access token in the query', { query: { token: ACCESS_TOKEN } }],
    ['an access token in the cookie', { cookies: { token: ACCESS_TOKEN } }],
    ['a novel', { body: { token: 'a'.repeat(16_385) } }],
  ])('%s', (_, carriers) => {
    expect(extract(carriers)).toEqual({ kind: 'malformed' });
  });

  it('and is never an exception, whatever the request', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.string(), (body, query, header) => {
        const { kind } = extract({ body, query, headers: { authorization: header, 'x-api-key': header } });
        expect(['found', 'missing', 'malformed', 'multiple']).toContain(kind);
      }),
    );
  });
});
