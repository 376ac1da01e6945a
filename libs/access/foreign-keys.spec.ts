import { foreignPrefixes, foreignPrefixProblem, isForeignKey, useForeignPrefixes } from './foreign-keys';
import { looksLikeKey } from './key-format';
import { holdsKey, maskKeys } from './mask-keys';

const BODY = 'a1b2c3d4e5f6g7h8i9j0';

describe('keys from elsewhere', () => {
  beforeEach(() => useForeignPrefixes(['acme_live_', 'legacy_']));
  afterEach(() => useForeignPrefixes([]));

  it.each([
    ['with 16 characters after the prefix', `legacy_${'x'.repeat(16)}`],
    ['with 200', `acme_live_${'x'.repeat(200)}`],
    ['with all characters that a bearer token may have', 'legacy_AZaz09._~+/=-AZaz09'],
  ])('are looked up %s', (_what, text) => {
    expect([isForeignKey(text), looksLikeKey(text)]).toEqual([true, true]);
  });

  it.each([
    ['that are shorter', `legacy_${'x'.repeat(15)}`],
    ['that are longer', `legacy_${'x'.repeat(201)}`],
    ['with another prefix', `acme_test_${BODY}`],
    ['with the prefix in other letters', `Legacy_${BODY}`],
    ['with something before it', `xlegacy_${BODY}`],
    ['with a space', `legacy_${BODY} ${BODY}`],
  ])('are not %s', (_what, text) => {
    expect([isForeignKey(text), looksLikeKey(text)]).toEqual([false, false]);
  });

  it('are masked in what is logged, broken off and encoded too', () => {
    expect(maskKeys(`/x/acme_live_${BODY}`)).toBe('/x/acme_live_[secret]');
    expect(maskKeys(`/x/LEGACY%5f${BODY}`)).toBe('/x/LEGACY_[secret]');
    expect(holdsKey(`legacy_${BODY.slice(0, 16)}`)).toBe(true);
    expect(maskKeys('/x/legacy_reports')).toBe('/x/legacy_reports');
  });

  it('there are none where no prefix is known', () => {
    useForeignPrefixes([]);
    expect([foreignPrefixes(), isForeignKey(`legacy_${BODY}`), holdsKey(`legacy_${BODY}`)]).toEqual([[], false, false]);
  });
});

describe('a prefix of keys from elsewhere', () => {
  it.each(['acme_live_', 'legacy_', 'ab_', 'a1_b2_', `${'x'.repeat(31)}_`])('may be %s', (prefix) =>
    expect(foreignPrefixProblem(prefix)).toBeUndefined(),
  );

  it.each([
    ['a_', 'is not 3 to 32'],
    [`${'x'.repeat(32)}_`, 'is not 3 to 32'],
    ['acme', 'is not 3 to 32'],
    ['acme__', 'is not 3 to 32'],
    ['Acme_', 'is not 3 to 32'],
    ['acme.*_', 'is not 3 to 32'],
    ['s4e_', 'profile s4e'],
    ['s4e_live_', 'profile s4e'],
    ['lk_old_', 'profile latchkey'],
    ['mfa_', 'another kind'],
    ['mfa_temp_', 'another kind'],
    ['mfa_temp_x_', 'another kind'],
  ])('is not %s', (prefix, problem) => expect(foreignPrefixProblem(prefix)).toContain(problem));
});
