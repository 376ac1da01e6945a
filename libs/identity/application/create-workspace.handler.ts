import { AppError, workspaceId, type Clock, type IdSource, type WorkspaceId } from '@latchkey/kernel';
import type { EventMeta } from '@latchkey/event-store';
import type { Settlement } from '@latchkey/live-state';
import type { EmailAddress } from '../domain/email-address';
import { decideUser } from '../domain/user/decide';
import { decideWorkspace, type CreateWorkspace } from '../domain/workspace/workspace';
import { metaOf, type Caller } from './caller';
import type { NewInvitations } from './new-invitations';
import type { Contacts, FirstWorkspaces, Invitations, InvitationWrite, Users, Workspaces } from './ports';

export interface NewWorkspace extends Pick<CreateWorkspace, 'name' | 'slug'> {
  /** Of a profile that there is. */
  readonly profile: string;
  /** Who is invited to own it too, besides the caller. */
  readonly owner?: EmailAddress | undefined;
}

interface Parts {
  readonly first: FirstWorkspaces;
  readonly workspaces: Workspaces;
  readonly users: Users;
  readonly contacts: Contacts;
  readonly invitations: Invitations;
  readonly newInvitations: NewInvitations;
  readonly settlement: Settlement;
  readonly ids: IdSource;
  readonly clock: Clock;
}

type Invited = Omit<InvitationWrite, 'by'>;

/**
 * Makes one more workspace on the installation, for an admin of its first one. The caller's user is its owner, so that it has one from the
 * beginning on; another owner may take that away as of any member.
 */
export class CreateWorkspaceHandler {
  constructor(private readonly parts: Parts) {}

  /**
   * The workspace, its owner and the mail are one change: all, or nothing has happened.
   * @throws AppError `auth.forbidden` for a caller from another workspace than the first one, or who is no owner or admin there;
   * `claim.taken` (details: scope `workspace_slug`); `member.too_many`; `auth.rate_limited` for one who has invited 50 in an hour
   */
  async execute({ owner, ...fields }: NewWorkspace, caller: Caller): Promise<WorkspaceId> {
    await this.#requireFirst(caller);
    const now = this.parts.clock.now();
    const id = workspaceId(this.parts.ids.next());
    const meta = { ...metaOf(caller, now), workspaceId: id };
    const command: CreateWorkspace = { type: 'CreateWorkspace', workspaceId: id, ...fields, now };
    const invited = owner ? await this.#invitation(owner, command, caller, meta) : null;
    await this.#write(command, caller, meta, invited);
    return id;
  }

  async #requireFirst(caller: Caller): Promise<void> {
    const first = await this.parts.first.complete();
    if (first?.workspaceId === caller.workspaceId) return;
    throw new AppError('auth.forbidden', {
      public: 'Workspaces are made by owners and admins of the first workspace of the installation.',
    });
  }

  /** Null for the caller's own address: they are its owner anyway. */
  async #invitation(
    email: EmailAddress,
    { workspaceId: id, name }: CreateWorkspace,
    { workspaceId: actsIn, userId: invitedBy }: Caller,
    meta: EventMeta,
  ): Promise<Invited | null> {
    const contact = await this.parts.contacts.byEmail(email);
    if (contact?.userId === invitedBy) return null;
    await this.parts.newInvitations.count(actsIn, invitedBy);
    const into = { workspaceId: id, workspaceName: name, role: 'owner', email, invitedBy } as const;
    return this.parts.newInvitations.prepare(into, meta).write;
  }

  async #write(command: CreateWorkspace, caller: Caller, meta: EventMeta, invited: Invited | null): Promise<void> {
    const { workspaces, users, invitations, settlement } = this.parts;
    const { workspaceId: id, now } = command;
    const { changed } = await users.write({
      userId: caller.userId,
      decide: (state) => decideUser({ type: 'AddMember', workspaceId: id, role: 'owner', now }, state),
      meta,
      within: async (tx) => {
        await workspaces.writeIn(tx, {
          workspaceId: id,
          decide: (state) => decideWorkspace(command, state),
          meta,
          by: caller,
        });
        if (invited) await invitations.writeIn(tx, invited);
      },
    });
    await settlement.settle([changed]);
  }
}
