import { AppError, assertNever } from '@latchkey/kernel';
import { ADMIN_SCOPE, coversScope, fieldBeyond, sameList, scopesWithin } from '@latchkey/access';
import type { ScopeSetChanged, ScopeSetEvent } from '@latchkey/contracts';
import type { ChangeScopeSet, CreateScopeSet, DeleteScopeSet, ScopeSetCommand, ScopeSetGrantor } from './commands';
import type { LiveScopeSet, ScopeSetState } from './scope-set';

/**
 * What a command does to a scope set.
 * @throws AppError `stream.exists`, `scope_set.not_found`, `scope_set.admin_scope`, `scope_set.exceeds_grantor`, `auth.forbidden` to who is no
 * admin
 */
export function decideScopeSet(command: ScopeSetCommand, state: ScopeSetState): readonly ScopeSetEvent[] {
  switch (command.type) {
    case 'CreateScopeSet':
      return create(command, state);
    case 'ChangeScopeSet':
      return change(command, live(state));
    case 'DeleteScopeSet':
      return remove(command, state);
    default:
      return assertNever(command);
  }
}

function live(state: ScopeSetState): LiveScopeSet {
  if (state.status !== 'Live') throw new AppError('scope_set.not_found');
  return state;
}

function create(command: CreateScopeSet, state: ScopeSetState): readonly ScopeSetEvent[] {
  const { scopes, grantor, now } = command;
  if (state.status !== 'None') throw new AppError('stream.exists');
  refuseUnlessAdmin(grantor);
  refuseAdminScope(scopes.canonical);
  return [
    {
      type: 'latchkey.scope_set.created.v1',
      data: {
        scopeSetId: command.scopeSetId,
        workspaceId: command.workspaceId,
        name: command.name,
        description: command.description,
        scopes: scopes.canonical,
        scopesAsSent: scopes.asSent,
        createdAt: now.toISOString(),
      },
    },
  ];
}

function change({ changes, grantor, now }: ChangeScopeSet, set: LiveScopeSet): readonly ScopeSetEvent[] {
  refuseUnlessAdmin(grantor);
  const { name, description, scopes } = changes;
  if (scopes) {
    refuseAdminScope(scopes.canonical);
    if (!scopesWithin(grantor.profile, scopes.canonical, set.scopes)) refuseBeyondGrantor(scopes.canonical, grantor);
  }
  const changedAt = now.toISOString();
  return [
    ...(name === undefined || name === set.name ? [] : [changed({ changed: 'name', name, changedAt })]),
    ...(description === undefined || description === set.description
      ? []
      : [changed({ changed: 'description', description, changedAt })]),
    ...(scopes === undefined || sameList(scopes.asSent, set.scopesAsSent)
      ? []
      : [changed({ changed: 'scopes', scopes: scopes.canonical, scopesAsSent: scopes.asSent, changedAt })]),
  ];
}

const changed = (data: ScopeSetChanged['data']): ScopeSetChanged => ({ type: 'latchkey.scope_set.changed.v1', data });

/** Deleting twice is no error: whoever repeats a request that got no answer wants to hear that it is gone. */
function remove({ workspaceId, now }: DeleteScopeSet, state: ScopeSetState): readonly ScopeSetEvent[] {
  if (state.status === 'None' || state.workspaceId !== workspaceId) throw new AppError('scope_set.not_found');
  if (state.status === 'Deleted') return [];
  return [{ type: 'latchkey.scope_set.deleted.v1', data: { deletedAt: now.toISOString() } }];
}

/** What a set holds is what others' keys, applications and members have: nobody else decides on that. */
function refuseUnlessAdmin({ profile, grant }: ScopeSetGrantor): void {
  if (coversScope(profile, grant.scopes, ADMIN_SCOPE)) return;
  throw new AppError('auth.forbidden', { public: 'Only who can do everything in the workspace changes scope sets.' });
}

/** Who may do everything is said of a key, an application or a role by name, and not by what something else holds. */
function refuseAdminScope(scopes: readonly string[]): void {
  const index = scopes.indexOf(ADMIN_SCOPE);
  if (index >= 0) throw new AppError('scope_set.admin_scope', { field: `scopes.${index}` });
}

/** Whatever carries the set gets the scope, on whatever assets, from wherever and for however long: so its grantor must have it so (C18). */
function refuseBeyondGrantor(scopes: readonly string[], grantor: ScopeSetGrantor): void {
  const given = { scopes, plan: grantor.grant.plan, assets: 'all', allowedIps: [], expiresAt: null } as const;
  const field = fieldBeyond(given, { ...grantor, ofOwner: true });
  if (field === undefined) return;
  throw new AppError('scope_set.exceeds_grantor', {
    public:
      'A scope set is widened only by a credential that never expires, from any address and on all assets, as what carries the set may.',
  });
}
