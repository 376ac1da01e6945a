import fc from 'fast-check';
import { parseAccessToken } from './access-token';
import { parseSessionToken, SESSION_TOKEN_TYPE } from './session-token';

const CLIENT = '01900000-0000-7000-8000-0000000000c1';
const WID = '01900000-0000-7000-8000-00000000000a';
const JTI = '01900000-0000-7000-8000-0000000000e1';
const KID = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
const HEADER = { alg: 'RS256', typ: 'at+jwt', kid: KID };
const CLAIMS = {
  ...{ iss: 'https://id.example.com', aud: 'https://api.example.com', sub: CLIENT, client_id: CLIENT, jti: JTI },
  ...{ iat: 1_777_377_600, exp: 1_777_381_200, scope: 'read:assets write:scans', wid: WID, gen: 1 },
};

const encoded = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const token = (header: unknown = HEADER, claims: unknown = CLAIMS, signature = encoded('signature')) =>
  `${encoded(header)}.${encoded(claims)}.${signature}`;
const claiming = (change: object) => token(HEADER, { ...CLAIMS, ...change });

describe('an access token', () => {
  it('tells what stands in it', () => {
    expect(parseAccessToken(token())).toEqual({
      algorithm: 'RS256',
      issuer: 'https://id.example.com',
      audience: 'https://api.example.com',
      token: {
        ...{ workspaceId: WID, clientId: CLIENT, jti: JTI, generation: 1, signingKeyId: KID },
        ...{ scopes: ['read:assets', 'write:scans'], issuedAtMs: 1_777_377_600_000, expiresAtMs: 1_777_381_200_000 },
      },
    });
  });

  it.each([
    ['ES256', { ...HEADER, alg: 'ES256' }],
    ['typ JWT, as a profile may want it', { ...HEADER, typ: 'JWT' }],
    ['members in another order', { kid: KID, typ: 'at+jwt', alg: 'RS256' }],
  ])('may have %s', (_, header) => {
    expect(parseAccessToken(token(header))).not.toBeNull();
  });

  it('may be for no scope, and have claims that this version does not know', () => {
    expect(parseAccessToken(claiming({ scope: '' }))?.token.scopes).toEqual([]);
    expect(parseAccessToken(claiming({ auth_time: 1 }))).not.toBeNull();
  });

  it('takes the longest that is taken, and no character more', () => {
    // Of the lengths that a signature may have, 2 and 3 more than a multiple of 4 follow each other.
    const spaces = ['', ' ', '  '];
    const starts = spaces.flatMap((one) =>
      spaces.map((other) => token(`${JSON.stringify(HEADER)}${one}`, `${JSON.stringify(CLAIMS)}${other}`, '')),
    );
    const start = starts.find(({ length }) => (4_096 - length) % 4 === 2) ?? '';
    const longest = (length: number) => start.padEnd(length, 'A');
    expect(parseAccessToken(longest(4_096))).not.toBeNull();
    expect(parseAccessToken(longest(4_097))).toBeNull();
  });
});

describe('no access token is a text with', () => {
  it.each<[string, unknown]>([
    ['alg none', { ...HEADER, alg: 'none' }],
    ['HS256', { ...HEADER, alg: 'HS256' }],
    ['PS256', { ...HEADER, alg: 'PS256' }],
    ['an algorithm in another spelling', { ...HEADER, alg: 'rs256' }],
    ['a list of algorithms', { ...HEADER, alg: ['RS256'] }],
    ['no algorithm', { typ: HEADER.typ, kid: KID }],
    ['the type of a session', { ...HEADER, typ: SESSION_TOKEN_TYPE }],
    ['the type in another spelling', { ...HEADER, typ: 'AT+JWT' }],
    ['no type', { alg: HEADER.alg, kid: KID }],
    ['no key id', { alg: HEADER.alg, typ: HEADER.typ }],
    ['a key id that is no thumbprint', { ...HEADER, kid: '../../etc/passwd' }],
    ['a key id that is too long', { ...HEADER, kid: `${KID}x` }],
    ['jku', { ...HEADER, jku: 'https://evil.example/jwks' }],
    ['x5u', { ...HEADER, x5u: 'https://evil.example/cert' }],
    ['jwk', { ...HEADER, jwk: { kty: 'oct', k: 'c2VjcmV0' } }],
    ['x5c', { ...HEADER, x5c: ['MIIB'] }],
    ['crit', { ...HEADER, crit: ['exp'] }],
    ['an unknown crit in place of the key id', { alg: HEADER.alg, typ: HEADER.typ, crit: ['x'] }],
    ['b64', { ...HEADER, b64: false }],
    ['zip', { ...HEADER, zip: 'DEF' }],
    ['a header that is a list', '[]'],
    ['a header that is no JSON', '{"alg"'],
  ])('%s', (_, header) => {
    expect(parseAccessToken(token(header))).toBeNull();
  });

  it.each<[string, object]>([
    ['no issuer', { iss: undefined }],
    ['two audiences', { aud: ['https://api.example.com', 'https://other.example'] }],
    ['no client', { client_id: undefined }],
    ['a subject other than its client', { sub: WID }],
    ['a client id of another form', { client_id: 'c1', sub: 'c1' }],
    ['a client id in upper case', { client_id: CLIENT.toUpperCase(), sub: CLIENT.toUpperCase() }],
    ['no workspace', { wid: undefined }],
    ['no jti', { jti: undefined }],
    ['a jti of another form', { jti: `${JTI}.1` }],
    ['no expiry', { exp: undefined }],
    ['an expiry as a text', { exp: '1777381200' }],
    ['an expiry that is a fraction', { exp: 1_777_381_200.5 }],
    ['an expiry beyond all calendars', { exp: 1e15 }],
    ['an expiry before it was issued', { exp: CLAIMS.iat }],
    ['no time of issue', { iat: undefined }],
    ['a time of issue below zero', { iat: -1 }],
    ['no generation', { gen: undefined }],
    ['generation 0', { gen: 0 }],
    ['a generation as a text', { gen: '1' }],
    ['no scope', { scope: undefined }],
    ['a list of scopes', { scope: ['read:assets'] }],
    ['scopes with two spaces between', { scope: 'read:assets  write:scans' }],
    ['scopes with a quotation mark', { scope: 'read:"assets"' }],
  ])('%s', (_, change) => {
    expect(parseAccessToken(claiming(change))).toBeNull();
  });

  it.each<[string, string]>([
    ['claims that are no object', token(HEADER, 'null')],
    ['claims that are a list', token(HEADER, '[]')],
    ['no signature', token(HEADER, CLAIMS, '')],
    ['five parts, as a JWE has', `${token()}.${encoded('a')}.${encoded('b')}`],
    ['two parts', `${encoded(HEADER)}.${encoded(CLAIMS)}`],
    ['padding', `${token()}=`],
    ['bits that mean nothing', token(HEADER, CLAIMS, 'QR')],
    ['the other alphabet', token(HEADER, CLAIMS, 'a+b/')],
    ['a megabyte', token(HEADER, { ...CLAIMS, pad: 'x'.repeat(1_000_000) })],
    ['spaces around it', ` ${token()}`],
    ['a line break', token().replace('.', '.\n')],
  ])('%s', (_, text) => {
    expect(parseAccessToken(text)).toBeNull();
  });

  it('what a session has, and no session is an access token', () => {
    const session = { sid: WID, wid: WID, jti: `${WID}.1` };
    const texts = [token({ alg: 'HS256', typ: SESSION_TOKEN_TYPE, kid: KID }, session), token()];
    expect(texts.map((text) => [parseSessionToken(text) !== null, parseAccessToken(text) !== null])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('another spelling of the same bytes, in any part', () => {
    const respelt = (part: string) =>
      [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
        .map((last) => `${part.slice(0, -1)}${last}`)
        .filter((other) => other !== part && Buffer.from(other, 'base64url').equals(Buffer.from(part, 'base64url')));
    // With a length that leaves bits over, or there is no other spelling.
    const texts = ['', ' ', '  '].flatMap((space) => {
      const parts = token(
        `${JSON.stringify(HEADER)}${space}`,
        `${JSON.stringify(CLAIMS)}${space}`,
        encoded(`a${space}`),
      );
      const all = parts.split('.');
      return all.flatMap((part, at) => respelt(part).map((other) => all.with(at, other).join('.')));
    });
    expect(texts.length).toBeGreaterThan(30);
    expect(texts.filter((text) => parseAccessToken(text) !== null)).toEqual([]);
  });

  it('anything that makes the parser throw: it never does', () => {
    const part = fc.oneof(
      fc.string(),
      fc.json().map((json) => encoded(json)),
      fc.constantFrom(encoded(HEADER), encoded(CLAIMS)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        expect(() => parseAccessToken(parts.join('.'))).not.toThrow();
      }),
    );
  });

  it('claims that are not whole: whatever is taken out or changed in type is missed', () => {
    const names = Object.keys(CLAIMS) as (keyof typeof CLAIMS)[];
    const wrong = fc.oneof(fc.constant(undefined), fc.constant(null), fc.boolean(), fc.array(fc.string()), fc.object());
    fc.assert(
      fc.property(fc.constantFrom(...names), wrong, (name, value) => {
        expect(parseAccessToken(claiming({ [name]: value }))).toBeNull();
      }),
    );
  });
});
