import { snapshot, key, user, workspace } from '../testing/subjects';
import { keyId, workspaceId } from '@latchkey/kernel';
import { decideAccess } from './decide-access';
import { tenantOf } from './tenant';

describe('the host that is called', () => {
  const DOMAIN = 's-launch.com';

  it.each([
    ['acme.s-launch.com', 'acme'],
    ['ACME.S-Launch.com', 'acme'],
    ['acme.s-launch.com:8443', 'acme'],
    ['acme.s-launch.com.', 'acme'],
    ['acme.s-launch.com.:443', 'acme'],
    // Nobody has such a slug, so nobody is at home there.
    ['www.acme.s-launch.com', 'www.acme'],
    ['.s-launch.com', ''],
  ])('%s names the workspace %j', (host, tenant) => expect(tenantOf(host, DOMAIN)).toBe(tenant));

  it.each(['s-launch.com', 'evils-launch.com', 'acme.s-launch.com.evil.example', '127.0.0.1:8080', '[::1]:8080', ''])(
    '%j names none',
    (host) => expect(tenantOf(host, DOMAIN)).toBeUndefined(),
  );

  it('names none without a host, and none where hosts name no workspaces', () => {
    expect(tenantOf(undefined, DOMAIN)).toBeUndefined();
    expect(tenantOf('acme.s-launch.com', undefined)).toBeUndefined();
  });

  it('is no longer than the check takes, and a name that was cut is nobody’s', () => {
    expect(tenantOf(`${'a'.repeat(10_000)}.${DOMAIN}`, DOMAIN)).toHaveLength(64);
  });
});

describe('a key at the host of', () => {
  const credential = { workspaceId: workspaceId('w1'), keyId: keyId('k1'), secretNumber: 1 };
  const outcome = (slug: string | undefined, tenant?: string) => {
    const known = [
      snapshot('k1', key, {}),
      snapshot('w1', workspace, slug === undefined ? {} : { slug }),
      snapshot('u1', user, {}),
    ];
    const verdict = decideAccess(credential, tenant === undefined ? {} : { tenant }, known);
    return verdict.kind === 'deny' ? verdict.denial : verdict.kind;
  };

  it('its workspace passes, and of none too', () => {
    expect(outcome('acme', 'acme')).toBe('allow');
    expect(outcome('acme')).toBe('allow');
    expect(outcome(undefined)).toBe('allow');
  });

  it.each(['other', 'ACME', '', 'www.acme'])('another workspace, %j, is not known there', (tenant) =>
    expect(outcome('acme', tenant)).toEqual({ reason: 'unknown', ending: null }),
  );

  it('a workspace is not known there when its own one has no slug', () =>
    expect(outcome(undefined, 'acme')).toEqual({ reason: 'unknown', ending: null }));
});
