import { userId, workspaceId } from '@latchkey/kernel';
import type { FirstWorkspace, UserEvent, WorkspaceEvent } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, type Claim, type EventMeta, type EventStore } from '@latchkey/event-store';
import type { SubjectChanges } from '@latchkey/live-state';
import type { DataSource, EntityManager } from 'typeorm';
import type { FirstWorkspaces } from '../application/ports';
import { userSubject } from '../domain/user/subject';
import { evolveUser, initialUser, type UserState } from '../domain/user/user';
import { evolveWorkspace, initialWorkspace, workspaceSubject } from '../domain/workspace/workspace';

const FIRST_WORKSPACE: Claim = { scope: 'installation', value: 'first_workspace' };

/** In identity's schema. Both subjects are new when they are written, so nothing has to be settled. */
export class PostgresFirstWorkspaces implements FirstWorkspaces {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventStore,
    private readonly subjects: SubjectChanges,
  ) {}

  decided(): Promise<FirstWorkspace | null> {
    return this.#select('');
  }

  complete(): Promise<FirstWorkspace | null> {
    return this.#select(`JOIN subject_state ON kind = 'user' AND id = owner_id`);
  }

  async create(first: FirstWorkspace, events: readonly WorkspaceEvent[], meta: EventMeta): Promise<void> {
    await this.events.append({
      streamId: first.workspaceId,
      expected: 'no_stream',
      events,
      meta,
      claim: [FIRST_WORKSPACE],
      within: async (tx) => {
        await tx.query('INSERT INTO first_workspace (workspace_id, owner_id, profile) VALUES ($1, $2, $3)', [
          first.workspaceId,
          first.ownerId,
          first.profile,
        ]);
        await this.#writeWorkspaceSubject(tx, first, events);
      },
    });
  }

  async writeOwner(
    { ownerId }: FirstWorkspace,
    decide: (state: UserState) => readonly UserEvent[],
    email: string | undefined,
    meta: EventMeta,
  ): Promise<void> {
    await decideAndAppend<UserState, UserEvent>(this.events, {
      streamId: ownerId,
      initialState: initialUser,
      evolve: evolveUser,
      decide,
      meta,
      within: async (tx, _recorded, user) => {
        if (user.status === 'None') return;
        await this.subjects.write(tx, { kind: 'user', id: ownerId, body: userSubject(user) });
        if (email === undefined) return;
        await tx.query('INSERT INTO user_contact (user_id, email) VALUES ($1, $2)', [ownerId, email]);
      },
    });
  }

  async #writeWorkspaceSubject(
    tx: EntityManager,
    { workspaceId: id }: FirstWorkspace,
    events: readonly WorkspaceEvent[],
  ): Promise<void> {
    const workspace = events.reduce(evolveWorkspace, initialWorkspace);
    if (workspace.status === 'None') return;
    await this.subjects.write(tx, { kind: 'workspace', id, body: workspaceSubject(workspace) });
  }

  async #select(join: string): Promise<FirstWorkspace | null> {
    try {
      const [row] = await this.dataSource.query<{ workspace_id: string; owner_id: string; profile: string }[]>(
        `SELECT workspace_id, owner_id, profile FROM first_workspace ${join}`,
      );
      return row
        ? { workspaceId: workspaceId(row.workspace_id), ownerId: userId(row.owner_id), profile: row.profile }
        : null;
    } catch (error) {
      throw databaseFailure(error, 'reading the first workspace');
    }
  }
}
