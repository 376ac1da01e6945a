import { AppError, type UserId } from '@latchkey/kernel';
import { scopesWithSets, type SetScopes } from '@latchkey/access';
import type { UserEvent } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, type EventStore } from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import type { Actor, ExistingUser, Transaction, Users, UserWrite, WrittenUser } from '../application/ports';
import { membershipChanges, rolesIn, setsGivenIn, type MembershipChange } from '../domain/member/membership-changes';
import { userSubject } from '../domain/user/subject';
import { evolveUser, initialUser, type UserState } from '../domain/user/user';
import { authorize, keepAnOwner, takeTurn } from './workspace-turns';

/** What keeps one of several writes at once from undoing what another relies on. On in service; tests switch it off. */
export interface UserSafeguards {
  /** Those who change who is in one workspace take turns. */
  readonly turns: boolean;
}

interface WrittenBy {
  readonly by: Actor | undefined;
  readonly setScopes: SetScopes | undefined;
  readonly at: Date;
}

/** Users in identity's schema. */
export class PostgresUsers implements Users {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
    private readonly safeguards: UserSafeguards = { turns: true },
  ) {}

  async load(userId: UserId): Promise<UserState> {
    const history = await this.events.readStream(userId);
    // The service wrote its streams itself, through this type.
    return history.reduce<UserState>(
      (state, { type, data }) => evolveUser(state, { type, data } as UserEvent),
      initialUser,
    );
  }

  async write({ userId, decide, meta, by, setScopes, within }: UserWrite): Promise<WrittenUser> {
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let before: UserState = initialUser;
    let changed: ChangedSubject | null = null;
    const { state } = await decideAndAppend<UserState, UserEvent>(this.events, {
      streamId: userId,
      initialState: initialUser,
      evolve: evolveUser,
      decide: (found) => {
        before = found;
        changed = null;
        return decide(found);
      },
      meta,
      within: async (tx, _recorded, after) => {
        const user = existing(after);
        await this.#writeMemberships(tx, user, membershipChanges(before, user), { by, setScopes, at: meta.at });
        changed = await this.subjects.write(tx, { kind: 'user', id: userId, body: userSubject(user) });
        await within?.(tx, user);
      },
    });
    const user = existing(state);
    return { user, changed: changed ?? (await this.#unchanged(userId, by)) };
  }

  async #writeMemberships(
    tx: Transaction,
    { userId }: ExistingUser,
    changes: readonly MembershipChange[],
    { by, setScopes = new Map(), at }: WrittenBy,
  ): Promise<void> {
    for (const change of changes) {
      if (this.safeguards.turns) await takeTurn(tx, change.workspaceId);
      // First what anybody is refused: of two owners who unmake each other at once, the second one is told why.
      await keepAnOwner(tx, change, userId);
      if (by) await authorize(tx, by, rolesIn(change), scopesWithSets([], setsGivenIn(change), setScopes));
      await writeMember(tx, userId, change, at);
    }
  }

  /** Nothing was to be done; whether the actor might have done it is asked all the same. */
  async #unchanged(userId: UserId, by: Actor | undefined): Promise<ChangedSubject> {
    try {
      if (by) await authorize(this.dataSource.manager, by, []);
      const [snapshot] = await this.subjects.read([{ kind: 'user', id: userId }]);
      return { kind: 'user', id: userId, workspaceId: null, version: snapshot?.version ?? 0 };
    } catch (error) {
      throw databaseFailure(error, `reading user ${userId}`);
    }
  }
}

async function writeMember(
  tx: Transaction,
  userId: UserId,
  { workspaceId, after }: MembershipChange,
  at: Date,
): Promise<void> {
  if (after === null) {
    await tx.query('DELETE FROM workspace_member WHERE workspace_id = $1 AND user_id = $2', [workspaceId, userId]);
    return;
  }
  await tx.query(
    `INSERT INTO workspace_member (workspace_id, user_id, role, suspended, scope_set_ids, joined_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (workspace_id, user_id)
     DO UPDATE SET role = excluded.role, suspended = excluded.suspended, scope_set_ids = excluded.scope_set_ids`,
    [workspaceId, userId, after.role, after.suspended, JSON.stringify(after.scopeSetIds), at],
  );
}

function existing(state: UserState): ExistingUser {
  if (state.status === 'None') throw new AppError('user.not_found');
  return state;
}
