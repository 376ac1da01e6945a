import type { Role, UserEvent } from '@latchkey/contracts';
import type { RecordedEvent, RowsProjection } from '@latchkey/event-store';
import { userId } from '@latchkey/kernel';
import { membershipChanges } from '../domain/member/membership-changes';
import { evolveUser, initialUser, type UserState } from '../domain/user/user';

/** Columns are as the driver gives them. */
export interface WorkspaceMemberRow {
  readonly user_id: string;
  readonly workspace_id: string;
  readonly role: Role;
  readonly suspended: boolean;
  readonly scope_set_ids: readonly string[];
  readonly joined_at: Date;
}

const REGISTERED = 'latchkey.user.registered.v1';

/** Who is in a workspace: a row for each membership of a user. */
export const workspaceMemberProjection: RowsProjection<WorkspaceMemberRow> = {
  table: 'workspace_member',
  columns: ['user_id', 'workspace_id', 'role', 'suspended', 'scope_set_ids', 'joined_at'],
  keyColumns: 2,
  beginsWith: REGISTERED,
  project(rows, event) {
    const before = userWith(event.streamId, rows);
    const changes = membershipChanges(before, evolveUser(before, userEventOf(event)));
    return changes.reduce((members, { workspaceId, after }) => {
      const others = members.filter(({ workspace_id: id }) => id !== workspaceId);
      const joined = members.find(({ workspace_id: id }) => id === workspaceId)?.joined_at ?? event.meta.at;
      if (after === null) return others;
      const { role, suspended, scopeSetIds } = after;
      const member = { user_id: event.streamId, workspace_id: workspaceId, role, suspended };
      return [...others, { ...member, scope_set_ids: scopeSetIds, joined_at: joined }];
    }, rows);
  },
};

/** The service wrote its streams itself, through the same type. */
const userEventOf = ({ type, data }: RecordedEvent): UserEvent => ({ type, data }) as UserEvent;

/** Of a user, what memberships depend on. */
function userWith(id: string, rows: readonly WorkspaceMemberRow[]): UserState {
  const user = evolveUser(initialUser, { type: REGISTERED, data: { userId: userId(id), registeredAt: '' } });
  if (user.status !== 'Active') return user;
  const memberships = rows.map(
    ({ workspace_id: of, role, suspended, scope_set_ids: scopeSetIds }) =>
      [of, { role, suspended, scopeSetIds }] as const,
  );
  return { ...user, memberships: Object.fromEntries(memberships) };
}
