import { canonicalScope, PROFILES, spellingsOf } from '@latchkey/access';
import { spelledByToken } from './token-spelling';

describe('the spelling of a token', () => {
  it('is kept for the scopes that it names, and the profile has its own for the others', () => {
    expect(spelledByToken(['read:assets', 'read:scans', 'write:scans'], 'assets:read write:scans')).toEqual([
      'assets:read',
      'read:scans',
      'write:scans',
    ]);
    expect(spelledByToken(['admin'], 'admin:full')).toEqual(['admin:full']);
  });

  it('adds nothing that the token names and may not do any more', () =>
    expect(spelledByToken(['read:assets'], 'admin:full assets:read')).toEqual(['assets:read']));

  it.each([undefined, null, 7, '', ['assets:read']])("is nobody's where a token says no scopes: %j", (said) =>
    expect(spelledByToken(['read:assets'], said)).toEqual(['read:assets']),
  );

  it('stands for one scope in every profile that has it', () => {
    const all = PROFILES.flatMap(({ scopes }) => scopes.flatMap(spellingsOf));
    for (const text of all) {
      const canonical = PROFILES.flatMap((profile) => canonicalScope(profile, text) ?? []);
      expect([text, new Set(canonical).size]).toEqual([text, 1]);
    }
  });
});
