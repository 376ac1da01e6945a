import { parseForm } from './form';
import { JWT_BEARER, shownCredentials, type ShownCredentials } from './shown-credentials';

const basic = (pair: string) => `Basic ${Buffer.from(pair, 'latin1').toString('base64')}`;
const shown = (body: string, authorization?: string) => {
  const credentials = shownCredentials(parseForm(body), authorization);
  return credentials && revealed(credentials);
};
const revealed = (credentials: ShownCredentials) =>
  credentials.method === 'private_key_jwt'
    ? { ...credentials, assertion: credentials.assertion.reveal() }
    : { ...credentials, secret: credentials.secret.reveal() };
const ASSERTION = `client_assertion_type=${encodeURIComponent(JWT_BEARER)}&client_assertion=a.b.c`;

describe('how a client authenticates itself', () => {
  it('by its secret in the body (S1-08)', () =>
    expect(shown('client_id=c1&client_secret=s%2B1')).toEqual({
      method: 'client_secret_post',
      clientId: 'c1',
      secret: 's+1',
    }));

  it.each([
    ['plain', 'c1:s_1'],
    ['percent-encoded (RFC 6749 §2.3.1)', 'c%31:s%5F1'],
  ])('by Basic, %s', (_, pair) =>
    expect(shown('', basic(pair))).toEqual({ method: 'client_secret_basic', clientId: 'c1', secret: 's_1' }),
  );

  it('by Basic, whose scheme may be written as one likes, with a colon in the secret and its id once more in the body', () => {
    expect(shown('client_id=c1', basic('c1:a:b').replace('Basic', 'bASIC '))).toMatchObject({ secret: 'a:b' });
    expect(shown('', basic('a+b:c%3Ad'))).toMatchObject({ clientId: 'a b', secret: 'c:d' });
  });

  it('by an assertion, with or without its id', () => {
    expect(shown(ASSERTION)).toEqual({ method: 'private_key_jwt', clientId: undefined, assertion: 'a.b.c' });
    expect(shown(`client_id=c1&${ASSERTION}`)).toMatchObject({ clientId: 'c1' });
  });

  it.each([
    ['nothing', '', undefined],
    ['an id alone', 'client_id=c1', undefined],
    ['a secret alone', 'client_secret=s1', undefined],
    ['another scheme', '', 'Bearer abc'],
    ['Basic with nothing', '', 'Basic '],
    ['Basic that is not base64', '', 'Basic a*b'],
    ['Basic of a length that base64 has not', '', 'Basic abcde'],
    ['Basic without a colon', '', basic('c1')],
    ['Basic with a broken escape', '', basic('c1:%zz')],
    ['Basic with a byte that should be encoded', '', basic('c1:\u00e9')],
  ])('shows nobody by %s', (_, body, authorization) => expect(shown(body, authorization)).toBeNull());

  it.each([
    ['Basic and a secret in the body', 'client_secret=s1', basic('c1:s1')],
    ['Basic and an assertion', ASSERTION, basic('c1:s1')],
    ['another scheme and a secret in the body', 'client_id=c1&client_secret=s1', 'Bearer abc'],
    ['a secret and an assertion', `client_id=c1&client_secret=s1&${ASSERTION}`, undefined],
    ['two ids', 'client_id=c2', basic('c1:s1')],
    ['an assertion without its type', 'client_assertion=a.b.c', undefined],
    ['an assertion of another type', 'client_assertion=a.b.c&client_assertion_type=saml2', undefined],
    ['a type without an assertion', `client_assertion_type=${JWT_BEARER}`, undefined],
  ])('is refused with %s', (_, body, authorization) =>
    expect(() => shown(body, authorization)).toThrow(expect.objectContaining({ error: 'invalid_request' })),
  );
});
