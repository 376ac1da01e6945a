import { userId, workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import type { UserEvent } from '@latchkey/contracts';
import type { UserCommand } from './commands';
import { decideUser } from './decide';
import { evolveUser, initialUser } from './user';

const now = new Date('2026-04-28T12:00:00Z');
const at = now.toISOString();
const user = { initialState: initialUser, decide: decideUser, evolve: evolveUser };

describe('a user', () => {
  const register: UserCommand = { type: 'RegisterUser', userId: userId('u'), now };
  const makeOwner: UserCommand = { type: 'ChangeMemberRole', workspaceId: workspaceId('w'), role: 'owner', now };
  const registered: UserEvent = { type: 'latchkey.user.registered.v1', data: { userId: 'u', registeredAt: at } };
  const owner: UserEvent = {
    type: 'latchkey.user.member_role_changed.v1',
    data: { workspaceId: 'w', role: 'owner', changedAt: at },
  };

  it('is registered once', () => {
    given(user, []).when(register).then([registered]);
    given(user, [registered]).when(register).thenThrows('stream.exists');
  });

  it('gets a role in a workspace, and the same one again is no change', () => {
    given(user, [registered]).when(makeOwner).then([owner]);
    given(user, [registered, owner]).when(makeOwner).then([]);
  });

  it('that is not registered gets no role', () => given(user, []).when(makeOwner).thenThrows('user.not_found'));
});
