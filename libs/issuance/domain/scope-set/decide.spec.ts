import { scopeSetId, workspaceId } from '@latchkey/kernel';
import { profileByName, scopesOfRole, type Grant, type Profile } from '@latchkey/access';
import type { ScopeSetEvent } from '@latchkey/contracts';
import { given } from '@latchkey/testing';
import type { ScopeSetChanges, ScopeSetCommand, ScopeSetGrantor } from './commands';
import { decideScopeSet } from './decide';
import { evolveScopeSet, initialScopeSet } from './scope-set';

const profile = profileByName('s4e') as Profile;
const now = new Date('2026-04-28T12:00:00.000Z');
const iso = now.toISOString();
const everything: Grant = { scopes: ['admin:full'], plan: 'standard', assets: 'all', allowedIps: [], expiresAt: null };
const by = (grant: Partial<Grant> = {}): ScopeSetGrantor => ({
  profile,
  grant: { ...everything, ...grant },
});
const scopesOf = (...canonical: readonly string[]) => ({ canonical, asSent: canonical });

const create = (scopes = scopesOf('assets:read', 'reports:read'), grantor = by()): ScopeSetCommand => ({
  ...{ type: 'CreateScopeSet', scopeSetId: scopeSetId('s'), workspaceId: workspaceId('w') },
  ...{ name: 'Reports', description: '', scopes, grantor, now },
});
const change = (changes: ScopeSetChanges, grantor = by()): ScopeSetCommand => ({
  ...{ type: 'ChangeScopeSet', changes, grantor, now },
});
const removeIn = (workspace: string): ScopeSetCommand => ({
  ...{ type: 'DeleteScopeSet', workspaceId: workspaceId(workspace), now },
});
const remove = removeIn('w');

const created: ScopeSetEvent = {
  type: 'latchkey.scope_set.created.v1',
  data: {
    ...{ scopeSetId: 's', workspaceId: 'w', name: 'Reports', description: '' },
    ...{ scopes: ['assets:read', 'reports:read'], scopesAsSent: ['assets:read', 'reports:read'], createdAt: iso },
  },
};
const nowHolds = (...scopes: string[]): ScopeSetEvent => ({
  type: 'latchkey.scope_set.changed.v1',
  data: { changed: 'scopes', scopes, scopesAsSent: scopes, changedAt: iso },
});
const deleted: ScopeSetEvent = { type: 'latchkey.scope_set.deleted.v1', data: { deletedAt: iso } };

const set = { initialState: initialScopeSet, evolve: evolveScopeSet, decide: decideScopeSet };

describe('a scope set', () => {
  it('is created with its scopes', () => {
    given(set, []).when(create()).then([created]);
    given(set, [created]).when(create()).thenThrows('stream.exists');
  });

  it('is changed by what differs alone', () => {
    given(set, [created])
      .when(change({ name: 'Reports', description: 'For tools', scopes: scopesOf('assets:read', 'reports:read') }))
      .then([
        {
          type: 'latchkey.scope_set.changed.v1',
          data: { changed: 'description', description: 'For tools', changedAt: iso },
        },
      ]);
    given(set, [created])
      .when(change({ name: 'Others', scopes: scopesOf('assets:read') }))
      .then([
        { type: 'latchkey.scope_set.changed.v1', data: { changed: 'name', name: 'Others', changedAt: iso } },
        nowHolds('assets:read'),
      ]);
  });

  it('is deleted for ever', () => {
    given(set, [created]).when(remove).then([deleted]);
    given(set, [created, deleted]).when(remove).then([]);
    given(set, [created, deleted])
      .when(change({ name: 'Back' }))
      .thenThrows('scope_set.not_found');
    given(set, []).when(remove).thenThrows('scope_set.not_found');
    expect([created, deleted, nowHolds('assets:read')].reduce(evolveScopeSet, initialScopeSet).status).toBe('Deleted');
  });

  it('is deleted in its own workspace alone, before and after', () => {
    given(set, [created]).when(removeIn('another')).thenThrows('scope_set.not_found');
    given(set, [created, deleted]).when(removeIn('another')).thenThrows('scope_set.not_found');
  });

  it('is nobody’s but an admin’s to create and to change', () => {
    const member = by({ scopes: scopesOfRole(profile, 'member') });
    given(set, [])
      .when(create(scopesOf('assets:read'), member))
      .thenThrows('auth.forbidden');
    given(set, [created])
      .when(change({ name: 'Mine' }, member))
      .thenThrows('auth.forbidden');
    given(set, [created])
      .when(change({ scopes: scopesOf('assets:read') }, member))
      .thenThrows('auth.forbidden');
  });

  it('never holds the admin scope', () => {
    given(set, [])
      .when(create(scopesOf('assets:read', 'admin:full')))
      .thenThrows('scope_set.admin_scope');
    given(set, [created])
      .when(change({ scopes: scopesOf('admin:full') }))
      .thenThrows('scope_set.admin_scope');
  });

  it.each<[string, Partial<Grant>]>([
    ['touches some assets alone', { assets: ['a'] }],
    ['comes from some addresses alone', { allowedIps: ['192.0.2.1'] }],
    ['expires', { expiresAt: new Date('2027-01-01T00:00:00.000Z') }],
  ])('is not widened by a credential that %s, as what carries it may do more, but narrowed (C18)', (_, grant) => {
    given(set, [created])
      .when(change({ scopes: scopesOf('assets:read', 'assets:write') }, by(grant)))
      .thenThrows('scope_set.exceeds_grantor');
    given(set, [created])
      .when(change({ scopes: scopesOf('reports:read') }, by(grant)))
      .then([nowHolds('reports:read')]);
  });

  it('is widened by a credential of any plan: no set holds one', () =>
    given(set, [created])
      .when(change({ scopes: scopesOf('assets:write') }, by({ plan: 'unlimited' })))
      .then([nowHolds('assets:write')]));
});
