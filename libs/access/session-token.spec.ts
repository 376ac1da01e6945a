import fc from 'fast-check';
import { parseSessionToken, SESSION_TOKEN_TYPE } from './session-token';

const SID = '01900000-0000-7000-8000-00000000000d';
const WID = '01900000-0000-7000-8000-00000000000a';
const HEADER = { alg: 'HS256', kid: 'k1', typ: SESSION_TOKEN_TYPE };
const CLAIMS = { iss: 'latchkey', sub: 'u', sid: SID, wid: WID, jti: `${SID}.7`, iat: 1, exp: 2 };

const encoded = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const token = (header: unknown = HEADER, claims: unknown = CLAIMS, signature = encoded('signature')) =>
  `${encoded(header)}.${encoded(claims)}.${signature}`;

it('tells whose session a token says it is of, and which of its tokens', () => {
  expect(parseSessionToken(token())).toEqual({ sessionId: SID, workspaceId: WID, tokenNumber: 7 });
});

it.each<[string, string]>([
  ['another algorithm', token({ ...HEADER, alg: 'none' })],
  ['another type', token({ ...HEADER, typ: 'JWT' })],
  ['no header', token('[]')],
  ['a header that is no JSON', token('{"alg"')],
  ['claims that are no object', token(HEADER, 'null')],
  ['no session', token(HEADER, { ...CLAIMS, sid: undefined })],
  ['a session id of another form', token(HEADER, { ...CLAIMS, sid: `${SID}x` })],
  ['an upper-case session id', token(HEADER, { ...CLAIMS, sid: SID.toUpperCase(), jti: `${SID.toUpperCase()}.7` })],
  ['no workspace', token(HEADER, { ...CLAIMS, wid: 7 })],
  ['a number of another session', token(HEADER, { ...CLAIMS, jti: `${WID}.7` })],
  ['number 0', token(HEADER, { ...CLAIMS, jti: `${SID}.0` })],
  ['a number that is none', token(HEADER, { ...CLAIMS, jti: `${SID}.1e3` })],
  ['no signature', token(HEADER, CLAIMS, '')],
  ['five parts', `${token()}.${encoded('a')}.${encoded('b')}`],
  ['two parts', `${encoded(HEADER)}.${encoded(CLAIMS)}`],
  ['padding', `${token()}=`],
  ['bits that mean nothing', token(HEADER, CLAIMS, 'QR')],
  ['the other alphabet', token(HEADER, CLAIMS, 'a+b/')],
  ['more than 4 KiB', token(HEADER, { ...CLAIMS, name: 'x'.repeat(4_000) })],
  ['spaces around it', ` ${token()}`],
])('takes no text with %s', (_, text) => {
  expect(parseSessionToken(text)).toBeNull();
});

it('never throws, whatever the text', () => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((json) => encoded(json)),
    fc.constantFrom(encoded(HEADER), encoded(CLAIMS)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      expect(() => parseSessionToken(parts.join('.'))).not.toThrow();
    }),
  );
});
