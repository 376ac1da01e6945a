import { AppError, isAppError, workspaceId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type { Role, WorkspaceEvent, WorkspaceSubject } from '@latchkey/contracts';
import {
  databaseFailure,
  decideAndAppend,
  type Claim,
  type Decision,
  type TransactionalEventStore,
} from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import type {
  Actor,
  ListedWorkspace,
  Transaction,
  Workspaces,
  WorkspaceWrite,
  WrittenWorkspace,
} from '../application/ports';
import {
  evolveWorkspace,
  initialWorkspace,
  workspaceSubject,
  type ActiveWorkspace,
  type WorkspaceState,
} from '../domain/workspace/workspace';
import { authorize, takeTurn } from './workspace-turns';

/** Under which slugs are claimed. */
const SLUG = 'workspace_slug';

/** Workspaces in identity's schema. What is read of one is its subject. */
export class PostgresWorkspaces implements Workspaces {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: TransactionalEventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
  ) {}

  async write(write: WorkspaceWrite): Promise<WrittenWorkspace> {
    const { workspaceId: id, by } = write;
    let changed: ChangedSubject | null = null;
    const { state } = await namingSlug(
      decideAndAppend(this.events, {
        ...this.#decision(write, (written) => (changed = written)),
        decide: (found) => {
          changed = null;
          return write.decide(found);
        },
      }),
    );
    return { workspace: existing(state), changed: changed ?? (await this.#unchanged(id, by)) };
  }

  async writeIn(tx: Transaction, write: WorkspaceWrite): Promise<void> {
    const decision = { ...this.#decision(write, () => undefined), attempts: 1 };
    await namingSlug(decideAndAppend(this.events.in(tx), decision));
  }

  #decision(
    { workspaceId: id, decide, meta, by, claim = [], within }: WorkspaceWrite,
    written: (changed: ChangedSubject) => void,
  ): Decision<WorkspaceState, WorkspaceEvent> {
    return {
      streamId: id,
      initialState: initialWorkspace,
      evolve: evolveWorkspace,
      decide,
      meta,
      claims: (before, events) => withSlug(claim, before, events.reduce(evolveWorkspace, before)),
      within: async (tx, _recorded, after) => {
        await takeTurn(tx, by?.workspaceId ?? id);
        if (by) await authorize(tx, by, []);
        written(await this.subjects.write(tx, { kind: 'workspace', id, body: workspaceSubject(existing(after)) }));
        await within?.(tx);
      },
    };
  }

  async find(id: WorkspaceId): Promise<ActiveWorkspace | null> {
    const rows = await this.#select<{ body: WorkspaceSubject }>(
      `SELECT body FROM subject_state WHERE kind = 'workspace' AND id = $1`,
      [id],
    );
    return rows[0] ? workspaceOf(rows[0].body) : null;
  }

  async of(userId: UserId, after: string | null, limit: number): Promise<readonly ListedWorkspace[]> {
    const rows = await this.#select<{ workspace_id: string; role: Role; body: WorkspaceSubject }>(
      `SELECT m.workspace_id, m.role, s.body FROM workspace_member m
         JOIN subject_state s ON s.kind = 'workspace' AND s.id = m.workspace_id
        WHERE m.user_id = $1 AND NOT m.suspended AND m.workspace_id > $2 ORDER BY m.workspace_id LIMIT $3`,
      [userId, after ?? '', limit],
    );
    return rows.map(({ workspace_id: id, role, body }) => ({
      ...workspaceOf(body),
      workspaceId: workspaceId(id),
      role,
    }));
  }

  /** Nothing was to be done; whether the actor might have done it is asked all the same. */
  async #unchanged(id: WorkspaceId, by: Actor | undefined): Promise<ChangedSubject> {
    try {
      if (by) await authorize(this.dataSource.manager, by, []);
      const [snapshot] = await this.subjects.read([{ kind: 'workspace', id }]);
      return { kind: 'workspace', id, workspaceId: id, version: snapshot?.version ?? 0 };
    } catch (error) {
      throw databaseFailure(error, `reading workspace ${id}`);
    }
  }

  async #select<Row>(statement: string, parameters: unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'reading workspaces');
    }
  }
}

const workspaceOf = (subject: WorkspaceSubject): ActiveWorkspace => ({ ...subject, status: 'Active' });

/** A slug is one workspace's at a time, and free again when it has taken another one. */
function withSlug(claim: readonly Claim[], before: WorkspaceState, after: WorkspaceState) {
  const [old, now] = [slugOf(before), slugOf(after)];
  return old === now ? { claim } : { claim: [...claim, ...slugClaim(now)], release: slugClaim(old) };
}

const slugOf = (state: WorkspaceState): string | undefined => (state.status === 'Active' ? state.slug : undefined);

const slugClaim = (slug: string | undefined): readonly Claim[] =>
  slug === undefined ? [] : [{ scope: SLUG, value: slug }];

/** Whoever asks for a slug that is taken is told which of their fields that is. */
async function namingSlug<Result>(writing: Promise<Result>): Promise<Result> {
  try {
    return await writing;
  } catch (error) {
    if (!isAppError(error, 'claim.taken') || error.details['scope'] !== SLUG) throw error;
    const { details } = error;
    throw new AppError('claim.taken', {
      field: 'slug',
      public: 'Another workspace has this slug.',
      details,
      cause: error,
    });
  }
}

function existing(state: WorkspaceState): ActiveWorkspace {
  if (state.status === 'None') throw new AppError('stream.not_found');
  return state;
}
