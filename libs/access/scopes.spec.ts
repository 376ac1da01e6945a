import fc from 'fast-check';
import { scopesWithin } from './containment';
import { spellingsOf } from './profiles/assert-profile';
import type { Profile } from './profiles/profile';
import { PROFILES } from './profiles/registry';
import { s4e } from './profiles/s4e';
import { slaunch } from './profiles/slaunch';
import { canonicalScope, canonicalScopes, concernsAssets, coversScope, displayScope, scopesOfToggles } from './scopes';

const scopesOf = (profile: Profile) => profile.scopes.map(({ canonical }) => canonical);
const anyProfile = fc.constantFrom(...PROFILES);
/** A profile and three lists of its scopes, the admin scope seldom among them. */
const grants = anyProfile.chain((profile) => {
  const list = fc.uniqueArray(fc.constantFrom(...scopesOf(profile)), { maxLength: 6 });
  return fc.tuple(fc.constant(profile), list, list, list);
});

describe('spellings', () => {
  it('lead to the canonical form and back, every one of them', () => {
    for (const profile of PROFILES) {
      for (const scope of profile.scopes) {
        const spellings = spellingsOf(scope);
        expect(spellings.map((text) => canonicalScope(profile, text))).toEqual(spellings.map(() => scope.canonical));
        expect(canonicalScope(profile, displayScope(profile, scope.canonical))).toBe(scope.canonical);
      }
    }
  });

  it.each([
    ['read:assets', 'assets:read'],
    ['assets:read', 'assets:read'],
    ['write:playbooks', 'playbooks:write'],
    ['admin', 'admin:full'],
    ['actions:execute', 'actions:execute'],
  ])('S4E: %s is %s', (text, canonical) => {
    expect(canonicalScope(s4e, text)).toBe(canonical);
  });

  it('of one product are unknown to another', () => {
    expect(canonicalScope(slaunch, 'read:assets')).toBeUndefined();
    expect(canonicalScope(slaunch, 'admin')).toBeUndefined();
  });

  it('are kept as sent, in the order sent (C1)', () => {
    expect(canonicalScopes(s4e, ['write:scans', 'findings:read', 'read:assets'])).toEqual({
      kind: 'scopes',
      canonical: ['scans:write', 'findings:read', 'assets:read'],
      asSent: ['write:scans', 'findings:read', 'read:assets'],
    });
  });

  it('of one scope sent twice count once, the first', () => {
    expect(canonicalScopes(s4e, ['read:assets', 'assets:read', 'read:assets'])).toEqual({
      kind: 'scopes',
      canonical: ['assets:read'],
      asSent: ['read:assets'],
    });
  });

  it.each(['READ:assets', 'read:assets ', 'read:*', '*', '', 'read', '__proto__', 'constructor', 'read:nothing'])(
    'that are unknown are named, not dropped: %p',
    (text) => {
      expect(canonicalScopes(s4e, ['read:assets', text])).toEqual({ kind: 'unknown', index: 1, text });
    },
  );

  it('is shown unchanged where the profile does not know it', () => {
    expect(displayScope(slaunch, 'assets:read')).toBe('assets:read');
  });
});

describe('cover', () => {
  it('by the admin scope: every scope of the profile, and none that it does not have', () => {
    for (const profile of PROFILES) {
      expect(scopesOf(profile).filter((scope) => !coversScope(profile, ['admin:full'], scope))).toEqual([]);
      expect(coversScope(profile, ['admin:full'], 'nothing:read')).toBe(false);
    }
  });

  it('by write does not include read (C3)', () => {
    for (const profile of PROFILES) {
      for (const scope of scopesOf(profile).filter((name) => name.endsWith(':write'))) {
        expect(coversScope(profile, [scope], scope.replace(':write', ':read'))).toBe(false);
      }
    }
  });

  it('by read alone reaches no scope that changes anything', () => {
    const reads = scopesOf(s4e).filter((name) => name.endsWith(':read'));
    const covered = scopesOf(s4e).filter((name) => coversScope(s4e, reads, name));
    expect(covered).toEqual(reads);
  });

  it.each([
    ['actions:execute', 'actions:write', 'playbooks:write'],
    ['webhooks:manage', 'webhooks:read', 'webhooks:write'],
  ])('S4E: %s is %s and %s together, and neither alone (C24)', (sum, one, other) => {
    expect([one, other].every((part) => coversScope(s4e, [sum], part))).toBe(true);
    expect(coversScope(s4e, [one, other], sum)).toBe(true);
    expect([one, other].some((part) => coversScope(s4e, [part], sum))).toBe(false);
    expect(coversScope(s4e, [sum], 'reports:read')).toBe(false);
  });

  it('never reaches beyond what was granted: only what is held, its parts, and sums all of whose parts are held', () => {
    fc.assert(
      fc.property(grants, ([profile, held]) => {
        fc.pre(!held.includes('admin:full'));
        const byName = new Map(profile.scopes.map((scope) => [scope.canonical, scope]));
        const parts = new Set(held.flatMap((name) => byName.get(name)?.equals ?? [name]));
        for (const scope of profile.scopes) {
          const justified = (scope.equals ?? [scope.canonical]).every((part) => parts.has(part));
          expect(coversScope(profile, held, scope.canonical)).toBe(justified && !scope.admin);
        }
      }),
    );
  });

  it('of a scope unknown to the profile is never given, even to one who holds it', () => {
    fc.assert(
      fc.property(anyProfile, fc.string(), (profile, text) => {
        fc.pre(!scopesOf(profile).includes(text));
        expect(coversScope(profile, [text], text)).toBe(false);
        expect(scopesOf(profile).some((scope) => coversScope(profile, [text], scope))).toBe(false);
      }),
    );
  });
});

describe('scopes within', () => {
  it('is reflexive and transitive, so a chain of grants never widens', () => {
    fc.assert(
      fc.property(grants, ([profile, a, b, c]) => {
        expect(scopesWithin(profile, a, a)).toBe(true);
        if (scopesWithin(profile, a, b) && scopesWithin(profile, b, c)) expect(scopesWithin(profile, a, c)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('means that nothing is covered by the child that its parent does not cover', () => {
    fc.assert(
      fc.property(grants, ([profile, child, parent]) => {
        if (!scopesWithin(profile, child, parent)) return;
        for (const scope of scopesOf(profile)) {
          if (coversScope(profile, child, scope)) expect(coversScope(profile, parent, scope)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('Read and Write (C26)', () => {
  const of = (read: boolean, write: boolean) => scopesOfToggles(s4e, { read, write });
  const resources = ['assets', 'scans', 'findings', 'actions', 'playbooks', 'webhooks'];
  const reads = [...resources.map((resource) => `read:${resource}`), 'reports:read'];
  const writes = resources.map((resource) => `write:${resource}`);

  it('are all scopes of the product that read, and all that write', () => {
    expect([...of(true, false)].sort()).toEqual([...reads].sort());
    expect([...of(false, true)].sort()).toEqual([...writes].sort());
    expect([...of(true, true)].sort()).toEqual([...reads, ...writes].sort());
    expect(of(false, false)).toEqual([]);
  });

  it.each(PROFILES)('give nothing that cannot be kept to assets, and no admin scope, in $name', (profile) => {
    const texts = scopesOfToggles(profile, { read: true, write: true });
    const canonical = texts.map((text) => canonicalScope(profile, text) ?? text);
    expect(canonical.filter((scope) => !concernsAssets(profile, scope))).toEqual([]);
    expect(canonical).not.toContain('admin:full');
  });
});
