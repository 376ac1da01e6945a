import type { ScopeSetEvent } from '@latchkey/contracts';
import type { Projection, RecordedEvent } from '@latchkey/event-store';
import { scopeSetId, workspaceId } from '@latchkey/kernel';
import { evolveScopeSet, initialScopeSet, type LiveScopeSet } from '../domain/scope-set/scope-set';

/** Columns are as the driver gives them. */
export interface ScopeSetListRow {
  readonly scope_set_id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly string[];
  readonly scopes_as_sent: readonly string[];
  readonly created_at: Date;
  readonly changed_at: Date;
}

/** The list of scope sets, one row each; a deleted one is in it no more. */
export const scopeSetListProjection: Projection<ScopeSetListRow> = {
  table: 'scope_set_list',
  columns: [
    'scope_set_id',
    'workspace_id',
    'name',
    'description',
    'scopes',
    'scopes_as_sent',
    'created_at',
    'changed_at',
  ],
  project(row, event) {
    const state = evolveScopeSet(row ? scopeSetOf(row) : initialScopeSet, scopeSetEventOf(event));
    return state.status === 'Live' ? rowOf(state) : null;
  },
};

/** The service wrote its streams itself, through the same type. An event of another aggregate is of no scope set. */
const scopeSetEventOf = ({ type, data }: RecordedEvent): ScopeSetEvent => ({ type, data }) as ScopeSetEvent;

export const scopeSetOf = (row: ScopeSetListRow): LiveScopeSet => ({
  status: 'Live',
  scopeSetId: scopeSetId(row.scope_set_id),
  workspaceId: workspaceId(row.workspace_id),
  name: row.name,
  description: row.description,
  scopes: row.scopes,
  scopesAsSent: row.scopes_as_sent,
  createdAt: row.created_at,
  changedAt: row.changed_at,
});

const rowOf = (set: LiveScopeSet): ScopeSetListRow => ({
  scope_set_id: set.scopeSetId,
  workspace_id: set.workspaceId,
  name: set.name,
  description: set.description,
  scopes: set.scopes,
  scopes_as_sent: set.scopesAsSent,
  created_at: set.createdAt,
  changed_at: set.changedAt,
});
