import { AppError, isAppError, type WorkspaceId } from '@latchkey/kernel';
import type { ScopeSetEvent } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, writeProjection, type Claim, type EventStore } from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { DataSource, EntityManager } from 'typeorm';
import type { ScopeSetPosition, ScopeSets, ScopeSetWrite, WrittenScopeSet } from '../application/scope-set-ports';
import {
  evolveScopeSet,
  initialScopeSet,
  type ExistingScopeSet,
  type LiveScopeSet,
  type ScopeSetState,
} from '../domain/scope-set/scope-set';
import { scopeSetListProjection, scopeSetOf, type ScopeSetListRow } from '../projections/scope-set-list.projection';
import { scopeSetSubject } from '../projections/scope-set-subject';
import { holdUnchanged } from './held-grantor';

/** A workspace has at most so many. */
export const SCOPE_SETS_MAX = 1_000;

const COLUMNS = scopeSetListProjection.columns.join(', ');
const NAMES = 'scope_set_name';

/** Scope sets in issuance's schema. */
export class PostgresScopeSets implements ScopeSets {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
  ) {}

  async write({ scopeSetId, decide, meta, grantor, beforeCommit }: ScopeSetWrite): Promise<WrittenScopeSet> {
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let changed: ChangedSubject | null = null;
    try {
      const { state } = await decideAndAppend<ScopeSetState, ScopeSetEvent>(this.events, {
        streamId: scopeSetId,
        initialState: initialScopeSet,
        evolve: evolveScopeSet,
        decide: (found) => {
          changed = null;
          return decide(found);
        },
        meta,
        claims: (before, events) => nameClaims(before, events.reduce(evolveScopeSet, before)),
        within: async (tx, recorded, after) => {
          const set = existing(after);
          if (grantor) await holdUnchanged(tx, grantor);
          await writeProjection(tx, scopeSetListProjection, recorded);
          if (recorded[0]?.version === 1) await requireRoom(tx, set);
          const body = scopeSetSubject(set);
          changed = await this.subjects.write(tx, { kind: 'scope_set', id: scopeSetId, body });
          await beforeCommit?.();
        },
      });
      const set = existing(state);
      return { set, changed: changed ?? (await this.#current(set)) };
    } catch (error) {
      const nameTaken = isAppError(error, 'claim.taken') && String(error.details['scope']).startsWith(NAMES);
      throw nameTaken ? new AppError('scope_set.name_taken', { field: 'name', cause: error }) : error;
    }
  }

  async find(workspaceId: WorkspaceId, scopeSetId: string): Promise<LiveScopeSet | null> {
    const [set] = await this.#select('AND scope_set_id = $2', [workspaceId, scopeSetId]);
    return set ?? null;
  }

  after(workspaceId: WorkspaceId, position: ScopeSetPosition | null, limit: number): Promise<readonly LiveScopeSet[]> {
    const from = position ? 'AND (created_at, scope_set_id) < ($3, $4)' : '';
    return this.#select(`${from} ORDER BY created_at DESC, scope_set_id DESC LIMIT $2`, [
      ...[workspaceId, limit],
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  /** For an answer that rests on somebody else's change. */
  async #current({ scopeSetId: id, workspaceId }: ExistingScopeSet): Promise<ChangedSubject> {
    const [snapshot] = await this.subjects.read([{ kind: 'scope_set', id }]);
    return { kind: 'scope_set', id, workspaceId, version: snapshot?.version ?? 0 };
  }

  async #select(and: string, parameters: readonly unknown[]): Promise<readonly LiveScopeSet[]> {
    try {
      const rows = await this.dataSource.query<ScopeSetListRow[]>(
        `SELECT ${COLUMNS} FROM scope_set_list WHERE workspace_id = $1 ${and}`,
        [...parameters],
      );
      return rows.map(scopeSetOf);
    } catch (error) {
      throw databaseFailure(error, 'reading scope sets');
    }
  }
}

function existing(state: ScopeSetState): ExistingScopeSet {
  if (state.status === 'None') throw new Error('a scope set without events was written');
  return state;
}

/** A name is its set's till it has another one, or is deleted. */
function nameClaims(
  before: ScopeSetState,
  after: ScopeSetState,
): { claim: readonly Claim[]; release: readonly Claim[] } {
  const [old, now] = [nameOf(before), nameOf(after)];
  if (old?.scope === now?.scope && old?.value === now?.value) return { claim: [], release: [] };
  return { claim: now ? [now] : [], release: old ? [old] : [] };
}

const nameOf = (state: ScopeSetState): Claim | null =>
  state.status === 'Live' ? { scope: `${NAMES}:${state.workspaceId}`, value: state.name } : null;

/** Who creates one waits here for all others who do so in the workspace, so that each counts those before it. */
async function requireRoom(tx: EntityManager, { workspaceId }: ExistingScopeSet): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('latchkey.scope_sets.' || $1, 0))`, [workspaceId]);
  const [counted] = await tx.query<{ sets: string }[]>(
    'SELECT count(*) AS sets FROM scope_set_list WHERE workspace_id = $1',
    [workspaceId],
  );
  if (Number(counted?.sets) > SCOPE_SETS_MAX) throw new AppError('scope_set.too_many');
}
