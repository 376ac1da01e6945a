import type { UserEvent } from '@latchkey/contracts';
import { workspaceId } from '@latchkey/kernel';
import { evolveUser, initialUser } from './user';
import { workspaceToEnter } from './workspace-to-enter';

const at = '2026-04-28T12:00:00.000Z';
const registered: UserEvent = { type: 'latchkey.user.registered.v1', data: { userId: 'u', registeredAt: at } };
const member = (id: string): UserEvent => ({
  type: 'latchkey.user.member_role_changed.v1',
  data: { workspaceId: id, role: 'admin', changedAt: at },
});
const suspended = (id: string): UserEvent => ({
  type: 'latchkey.user.suspended.v1',
  data: { workspaceId: id, suspendedAt: at },
});
const entered = (last: string | null, ...events: readonly UserEvent[]) =>
  workspaceToEnter(events.reduce(evolveUser, initialUser), last === null ? null : workspaceId(last))?.workspaceId ??
  null;

describe('who signs in', () => {
  it('arrives where they were last', () => {
    expect(entered('w2', registered, member('w1'), member('w2'))).toBe('w2');
  });

  it('arrives where they have been longest when they were nowhere yet, or are no more where they were last', () => {
    expect(entered(null, registered, member('w1'), member('w2'))).toBe('w1');
    expect(entered('w3', registered, member('w1'), member('w2'))).toBe('w1');
    expect(entered('w2', registered, member('w1'), member('w2'), suspended('w2'))).toBe('w1');
  });

  it('arrives nowhere without a role anywhere', () => {
    expect(entered(null)).toBeNull();
    expect(entered('w1', registered)).toBeNull();
    expect(entered('w1', registered, member('w1'), suspended('w1'))).toBeNull();
    const erased: UserEvent = { type: 'latchkey.user.erased.v1', data: { erasedAt: at } };
    expect(entered('w1', registered, member('w1'), erased)).toBeNull();
  });
});
