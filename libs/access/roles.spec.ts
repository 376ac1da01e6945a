import type { Role } from '@latchkey/contracts';
import { PROFILES } from './profiles/registry';
import { scopesOfRole } from './roles';
import { coversScope } from './scopes';

const held = (profile: (typeof PROFILES)[number], role: Role) => scopesOfRole(profile, role);

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))('in the profile %s', (_, profile) => {
  const all = profile.scopes.map(({ canonical }) => canonical);

  it.each<Role>(['owner', 'admin'])('an %s may do everything', (role) =>
    expect(all.every((scope) => coversScope(profile, held(profile, role), scope))).toBe(true),
  );

  it('a member uses the product and keys of their own, and administers nothing', () => {
    const member = held(profile, 'member');
    expect(member).toEqual(expect.arrayContaining(['apikeys:write', 'users:read']));
    for (const scope of ['admin:full', 'users:write', 'audit:read', 'oauth:write', 'enforcement:check']) {
      expect(coversScope(profile, member, scope)).toBe(false);
    }
    for (const { canonical, admin, system } of profile.scopes) {
      if (!admin && !system) expect(member).toContain(canonical);
    }
  });

  it('an auditor reads everything, the audit log too, and can do nothing else', () => {
    const auditor = held(profile, 'auditor');
    expect(auditor).toContain('audit:read');
    for (const scope of all) expect(auditor.includes(scope)).toBe(scope.endsWith(':read'));
  });
});
