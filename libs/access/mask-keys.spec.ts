import { holdsKey, maskKeys } from './mask-keys';
import { PROFILES } from './profiles/registry';

const BODY = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6';

describe('a path that may be logged', () => {
  it.each(PROFILES.map(({ key }) => key.prefix))('holds no key that begins with %s', (prefix) => {
    for (const environment of ['live', 'test']) {
      expect(maskKeys(`/api/keys/${prefix}_${environment}_${BODY}/rotate`)).toBe(
        `/api/keys/${prefix}_${environment}_[secret]/rotate`,
      );
    }
  });

  it('holds no secret of an OAuth client', () =>
    expect(maskKeys(`/x?client_secret=s4e_client_${BODY}`)).toBe('/x?client_secret=s4e_client_[secret]'));

  it.each([
    ['with its separators encoded', `/x/s4e%5flive%5F${BODY}`],
    ['with a letter encoded', `/x/%734e_live_${BODY}`],
    ['encoded twice', `/x/s4e%255flive%25255f${BODY}`],
    ['in upper case', `/x/S4E_LIVE_${BODY.toUpperCase()}`],
    ['broken off', `/x/s4e_live_${BODY.slice(0, 20)}`],
    ['two of them', `/x/s4e_live_${BODY}/lk_test_${BODY}`],
    ['beside bytes that are no text', `/x/%ff%f0/s4e_live_${BODY}`],
  ])('holds no key %s', (_, path) => {
    expect(holdsKey(path)).toBe(true);
    expect(maskKeys(path).toLowerCase()).not.toContain(BODY.slice(0, 8));
  });

  it.each([
    ['as it is', '/x/eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIxIn0.c2lnbmF0dXJl/y'],
    ['with its dots encoded', '/x/eyJhbGciOiJIUzI1NiIs%2EeyJzdWIiOiIxIn0%2Ec2lnbmF0dXJl/y'],
    ['broken off', '/x/eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIxIn0/y'],
    ['whose header ends like one begins', '/x/eyJhbGciOiJIUzI1NiIseyJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl/y'],
  ])('holds no token %s', (_, path) => {
    expect(holdsKey(path)).toBe(true);
    expect(maskKeys(path)).toBe('/x/eyJ[secret]/y');
  });

  it('holds no token of a login that waits for its second factor', () => {
    expect(maskKeys(`/x/mfa_temp_${BODY}/y`)).toBe('/x/mfa_temp_[secret]/y');
  });

  it.each(['eyJ', 'eyJ.', 'eyJ.a', 'eyJaaaaaaaaaa', '%25', '25', 's4e_live_', 'mfa_temp_'])(
    'is read but once or so, whatever strangers make it of: a hundred thousand times %s',
    (piece) => {
      // Read to its end from each piece it would take minutes.
      expect(maskKeys(`/x/${piece.repeat(100_000)}`)).toMatch(/^\/x\//);
    },
  );

  it.each([
    '/api/keys/key-8a3b9c2d',
    '/keyJoin.html',
    '/api/v1/api-keys/01900000-0000-7000-8000-000000000000',
    '/a%20b/%ff',
    '/',
  ])('is otherwise as it was: %s', (path) => {
    expect(maskKeys(path)).toBe(path);
    expect(holdsKey(path)).toBe(false);
  });
});
