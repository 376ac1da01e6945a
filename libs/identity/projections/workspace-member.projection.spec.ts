import type { UserEvent } from '@latchkey/contracts';
import { workspaceMemberProjection, type WorkspaceMemberRow } from './workspace-member.projection';

const at = (minute: number) => new Date(`2026-04-28T12:0${minute}:00Z`);

/** A minute apart, from 12:00 on. */
const rowsAfter = (...events: readonly UserEvent[]) =>
  events.reduce<readonly WorkspaceMemberRow[]>(
    (rows, { type, data }, minute) =>
      workspaceMemberProjection.project(rows, {
        ...{ eventId: String(minute), streamId: 'u', version: minute + 1, type, data },
        meta: { actorId: 'a', workspaceId: 'w', requestId: 'r', at: at(minute) },
      }),
    [],
  );
const time = at(0).toISOString();
const registered: UserEvent = { type: 'latchkey.user.registered.v1', data: { userId: 'u', registeredAt: time } };
const inRole = (workspaceId: string, role: 'owner' | 'member'): UserEvent => ({
  type: 'latchkey.user.member_role_changed.v1',
  data: { workspaceId, role, changedAt: time },
});
const suspended: UserEvent = { type: 'latchkey.user.suspended.v1', data: { workspaceId: 'w', suspendedAt: time } };
const removed: UserEvent = { type: 'latchkey.user.member_removed.v1', data: { workspaceId: 'w', removedAt: time } };
const given: UserEvent = {
  type: 'latchkey.user.member_scope_sets_changed.v1',
  data: { workspaceId: 'w', scopeSetIds: ['s'], changedAt: time },
};
const member = (workspace_id: string, role: string, joined_at: Date, isSuspended = false) => ({
  ...{ user_id: 'u', workspace_id, role, suspended: isSuspended, scope_set_ids: [], joined_at },
});

describe('who is in a workspace', () => {
  it('is a row for each workspace, since the role there was given first', () =>
    expect(rowsAfter(registered, inRole('w', 'member'), inRole('x', 'owner'), inRole('w', 'owner'))).toEqual(
      expect.arrayContaining([member('w', 'owner', at(1)), member('x', 'owner', at(2))]),
    ));

  it('stays while suspended, and is gone when removed; who comes back is new', () => {
    const joined = [registered, inRole('w', 'member')];
    expect(rowsAfter(...joined, suspended)).toEqual([member('w', 'member', at(1), true)]);
    expect(rowsAfter(...joined, suspended, removed)).toEqual([]);
    expect(rowsAfter(...joined, removed, inRole('w', 'owner'))).toEqual([member('w', 'owner', at(3))]);
  });

  it('has the scope sets that it was given, till it is removed', () => {
    const joined = [registered, inRole('w', 'member')];
    const expected = { ...member('w', 'owner', at(1)), scope_set_ids: ['s'] };
    expect(rowsAfter(...joined, given, inRole('w', 'owner'))).toEqual([expected]);
    expect(rowsAfter(...joined, given, removed, inRole('w', 'owner'))).toEqual([member('w', 'owner', at(4))]);
  });

  it('is nobody who was erased, and nothing else of a user changes it', () => {
    const joined = [registered, inRole('w', 'member')];
    const erased: UserEvent = { type: 'latchkey.user.erased.v1', data: { erasedAt: time } };
    const changed: UserEvent = {
      type: 'latchkey.user.password_changed.v1',
      data: { how: 'set', changedAt: time },
    };
    expect(rowsAfter(...joined, changed)).toEqual([member('w', 'member', at(1))]);
    expect(rowsAfter(...joined, erased)).toEqual([]);
  });
});
