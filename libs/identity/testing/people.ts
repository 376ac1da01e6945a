import type { Role } from '@latchkey/contracts';
import { requestId, userId, workspaceId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type { Caller } from '../application/caller';
import { parseEmailAddress, type EmailAddress } from '../domain/email-address';
import { decideInTurn } from '../domain/user/decide';
import { decideWorkspace } from '../domain/workspace/workspace';
import type { IdentityDatabase } from './identity-database';

export function emailAddress(text: string): EmailAddress {
  const address = parseEmailAddress(text);
  if (!address) throw new Error(`${text} is no e-mail address`);
  return address;
}

/** Workspaces and users, made without asking anybody. */
export class People {
  constructor(private readonly identity: IdentityDatabase) {}

  /** One without members. */
  async workspace(name = 'A workspace'): Promise<WorkspaceId> {
    const { ids, clock, workspaces } = this.identity;
    const id = workspaceId(ids.next());
    const command = { type: 'CreateWorkspace', workspaceId: id, name, profile: 's4e', now: clock.now() } as const;
    await workspaces.write({
      workspaceId: id,
      decide: (state) => decideWorkspace(command, state),
      meta: this.#meta(id),
    });
    return id;
  }

  /** A new user as a member; `name` is the local part of the address too. */
  async member(workspace: WorkspaceId, role: Role, name: string): Promise<UserId> {
    const { ids, clock, users, contacts } = this.identity;
    const id = userId(ids.next());
    const now = clock.now();
    await users.write({
      userId: id,
      decide: (state) =>
        decideInTurn(
          [
            { type: 'RegisterUser', userId: id, now },
            { type: 'AddMember', workspaceId: workspace, role, now },
          ],
          state,
        ),
      meta: this.#meta(workspace),
      within: (tx) =>
        contacts.add(tx, { userId: id, email: emailAddress(`${name}@b.example`), name, emailVerifiedAt: null }),
    });
    return id;
  }

  /** One more workspace of a user. */
  async joins(user: UserId, workspace: WorkspaceId, role: Role): Promise<void> {
    const now = this.identity.clock.now();
    await this.identity.users.write({
      userId: user,
      decide: (state) => decideInTurn([{ type: 'AddMember', workspaceId: workspace, role, now }], state),
      meta: this.#meta(workspace),
    });
  }

  #meta(workspace: WorkspaceId) {
    return { actorId: 'test', workspaceId: workspace, requestId: 'test', at: this.identity.clock.now() };
  }
}

/** By a session, or by an API key with these scopes. */
export const callerIn = (workspace: WorkspaceId, user: UserId, keyScopes: readonly string[] | null = null): Caller => ({
  ...{ credentialId: 'a credential', userId: user, workspaceId: workspace, keyScopes, requestId: requestId('test') },
});
