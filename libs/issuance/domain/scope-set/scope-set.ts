import { assertNever, scopeSetId, workspaceId, type ScopeSetId, type WorkspaceId } from '@latchkey/kernel';
import type { ScopeSetChanged, ScopeSetCreated, ScopeSetEvent } from '@latchkey/contracts';

/** Scopes under one name, to be given to keys, applications and members. What it holds, all have that carry it. */
export interface ScopeSet {
  readonly scopeSetId: ScopeSetId;
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly description: string;
  /** Canonical: 1 to 100, the admin scope never. */
  readonly scopes: readonly string[];
  /** In the spelling of who gave them (C1). */
  readonly scopesAsSent: readonly string[];
  readonly createdAt: Date;
  readonly changedAt: Date;
}

export type LiveScopeSet = ScopeSet & { readonly status: 'Live' };
export type DeletedScopeSet = Pick<ScopeSet, 'scopeSetId' | 'workspaceId' | 'name'> & { readonly status: 'Deleted' };
export type ExistingScopeSet = LiveScopeSet | DeletedScopeSet;
export type ScopeSetState = { readonly status: 'None' } | ExistingScopeSet;

export const initialScopeSet: ScopeSetState = { status: 'None' };

/** The state after the event. Nothing follows `ScopeSetDeleted` that could undo it. */
export function evolveScopeSet(state: ScopeSetState, event: ScopeSetEvent): ScopeSetState {
  if (state.status === 'None') return event.type === 'latchkey.scope_set.created.v1' ? created(event) : state;
  if (state.status === 'Deleted') return state;
  switch (event.type) {
    case 'latchkey.scope_set.created.v1':
      return state;
    case 'latchkey.scope_set.changed.v1':
      return changed(state, event);
    case 'latchkey.scope_set.deleted.v1':
      return deleted(state);
    default:
      return assertNever(event);
  }
}

const deleted = ({ scopeSetId: id, workspaceId: workspace, name }: LiveScopeSet): DeletedScopeSet => ({
  status: 'Deleted',
  scopeSetId: id,
  workspaceId: workspace,
  name,
});

function created({ data }: ScopeSetCreated): LiveScopeSet {
  const createdAt = new Date(data.createdAt);
  return {
    status: 'Live',
    scopeSetId: scopeSetId(data.scopeSetId),
    workspaceId: workspaceId(data.workspaceId),
    name: data.name,
    description: data.description,
    scopes: data.scopes,
    scopesAsSent: data.scopesAsSent,
    createdAt,
    changedAt: createdAt,
  };
}

function changed(set: LiveScopeSet, { data }: ScopeSetChanged): LiveScopeSet {
  const changedAt = new Date(data.changedAt);
  switch (data.changed) {
    case 'name':
      return { ...set, name: data.name, changedAt };
    case 'description':
      return { ...set, description: data.description, changedAt };
    case 'scopes':
      return { ...set, scopes: data.scopes, scopesAsSent: data.scopesAsSent, changedAt };
    default:
      return assertNever(data);
  }
}
