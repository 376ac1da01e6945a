import type { Provider } from '@nestjs/common';
import type { SubjectReader } from '@latchkey/contracts';
import { CursorCodec, ListCursors } from '@latchkey/platform';
import { AcceptInvitationHandler } from './application/accept-invitation.handler';
import { ChangeMemberHandler } from './application/change-member.handler';
import { CreateWorkspaceHandler } from './application/create-workspace.handler';
import { EnsureFirstWorkspaceHandler } from './application/ensure-first-workspace.handler';
import { InviteHandler } from './application/invite.handler';
import { NewInvitations } from './application/new-invitations';
import type { NewPasswords } from './application/new-passwords';
import type { PasswordStore } from './application/password-ports';
import { ReadInvitationsQuery } from './application/read-invitations.query';
import { ReadMembersQuery } from './application/read-members.query';
import { ReadWorkspacesQuery } from './application/read-workspaces.query';
import { UpdateWorkspaceHandler } from './application/update-workspace.handler';
import { WithdrawInvitationHandler } from './application/withdraw-invitation.handler';
import { given, type IdentityParts } from './identity-parts';
import { InvitationsController } from './surfaces/canonical/invitations.controller';
import { UsersController } from './surfaces/canonical/users.controller';
import { WorkspacesController } from './surfaces/canonical/workspaces.controller';

export const memberControllers = [UsersController, InvitationsController, WorkspacesController];

export interface MemberOptions {
  /** Reaches issuance, whose the scope sets are. */
  readonly reader: SubjectReader;
  readonly cursors: CursorCodec;
  readonly newPasswords: NewPasswords;
  readonly passwords: Pick<PasswordStore, 'set'>;
}

/** Users as members of workspaces, invitations, and the first start. */
export function memberProviders(parts: IdentityParts, options: MemberOptions): readonly Provider[] {
  const { first, users, workspaces, members, contacts, invitations, budgets, mail, tokens, settlement, ids, clock } =
    parts;
  const { cursors, newPasswords, passwords } = options;
  const newInvitations = new NewInvitations(budgets, mail, tokens, ids, clock);
  return [
    given(
      EnsureFirstWorkspaceHandler,
      new EnsureFirstWorkspaceHandler(first, workspaces, users, contacts, newPasswords, passwords, ids, clock),
    ),
    given(ChangeMemberHandler, new ChangeMemberHandler(users, members, options.reader, settlement, clock)),
    given(UpdateWorkspaceHandler, new UpdateWorkspaceHandler(workspaces, settlement, clock)),
    given(
      CreateWorkspaceHandler,
      new CreateWorkspaceHandler({
        ...{ first, workspaces, users, contacts, invitations, newInvitations, settlement, ids, clock },
      }),
    ),
    given(InviteHandler, new InviteHandler(invitations, members, workspaces, newInvitations, clock)),
    given(WithdrawInvitationHandler, new WithdrawInvitationHandler(invitations, clock)),
    given(
      AcceptInvitationHandler,
      new AcceptInvitationHandler(
        ...([invitations, users, contacts, members, newPasswords, passwords, settlement, ids, clock] as const),
      ),
    ),
    given(ReadMembersQuery, new ReadMembersQuery(members)),
    given(ReadInvitationsQuery, new ReadInvitationsQuery(invitations)),
    given(ReadWorkspacesQuery, new ReadWorkspacesQuery(workspaces)),
    given(ListCursors, new ListCursors(cursors, 'created_at:asc')),
    given(CursorCodec, cursors),
  ];
}
