import type { InvitationEvent, FirstWorkspace, MfaMethod, Role, UserEvent, WorkspaceEvent } from '@latchkey/contracts';
import type { SetScopes } from '@latchkey/access';
import type { Append, Claim, EventMeta } from '@latchkey/event-store';
import type { Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type { ChangedSubject } from '@latchkey/live-state';
import type { EmailAddress } from '../domain/email-address';
import type { InvitationState } from '../domain/invitation/invitation';
import type { ActiveUser, ErasedUser, UserState } from '../domain/user/user';
import type { ActiveWorkspace, WorkspaceState } from '../domain/workspace/workspace';
import type { KeyNotice } from './key-notice';

/** A transaction of identity's database, on its way from one port to another. */
export type Transaction = Parameters<NonNullable<Append['within']>>[0];

/** Who acts on a workspace, and must still be allowed to when it is committed. */
export interface Actor {
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** Of the API key by which they act, which bounds what they may do. Null: they act themselves, by a session, and their role alone does. */
  readonly keyScopes: readonly string[] | null;
}

export type ExistingUser = ActiveUser | ErasedUser;

export interface UserWrite {
  readonly userId: UserId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: UserState) => readonly UserEvent[];
  readonly meta: EventMeta;
  /** Who changes what the user may do in the actor's workspace; absent: nobody needs to be asked. */
  readonly by?: Actor;
  /** What scope sets hold now that the change may give: those that it gives, the actor must have. */
  readonly setScopes?: SetScopes;
  /** Runs in the transaction when all else is written, with the user after the events. When it throws, nothing has happened. */
  readonly within?: (tx: Transaction, user: ExistingUser) => Promise<void>;
}

export interface WrittenUser {
  /** After the events. */
  readonly user: ExistingUser;
  /** What must be settled before an answer may rely on it: also when nothing was decided, as somebody else's change may not be settled. */
  readonly changed: ChangedSubject;
}

/** Users as streams of events, and what must change with them. */
export interface Users {
  load(userId: UserId): Promise<UserState>;
  /**
   * Loads, decides and writes events, outbox, memberships and the user's subject in one transaction. Those who change who is in a
   * workspace take turns there.
   * @throws AppError what `decide` and `within` throw; `user.not_found` when there is none after it; `auth.forbidden` when the actor may
   * not (`requireAuthority`); `member.last_owner`; `stream.version_conflict` after several lost races
   */
  write(write: UserWrite): Promise<WrittenUser>;
}

export interface WorkspaceWrite {
  readonly workspaceId: WorkspaceId;
  readonly decide: (state: WorkspaceState) => readonly WorkspaceEvent[];
  readonly meta: EventMeta;
  /** Who must be an owner or admin where they act: in this workspace, or in the one from which it is made. */
  readonly by?: Actor;
  readonly claim?: readonly Claim[];
  readonly within?: (tx: Transaction) => Promise<void>;
}

export interface WrittenWorkspace {
  readonly workspace: ActiveWorkspace;
  readonly changed: ChangedSubject;
}

/** A workspace as one of its members sees it. */
export interface ListedWorkspace extends ActiveWorkspace {
  readonly workspaceId: WorkspaceId;
  /** The member's. */
  readonly role: Role;
}

export interface Workspaces {
  /** @throws AppError as `Users.write`, without `member.last_owner`; `claim.taken` */
  write(write: WorkspaceWrite): Promise<WrittenWorkspace>;
  /** As a part of a transaction, which is to be done again after `stream.version_conflict`. */
  writeIn(tx: Transaction, write: WorkspaceWrite): Promise<void>;
  find(workspaceId: WorkspaceId): Promise<ActiveWorkspace | null>;
  /** Where the user has a role, by workspace id; at most `limit`, after the id given. */
  of(userId: UserId, after: string | null, limit: number): Promise<readonly ListedWorkspace[]>;
}

/** A member of a workspace. What is personal is null when it has been erased. */
export interface Member {
  readonly userId: UserId;
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly suspended: boolean;
  /** Ids of the scope sets that they have been given besides the role. */
  readonly scopeSetIds: readonly string[];
  readonly joinedAt: Date;
}

/** Place in a list that begins with the oldest; ties by id. */
export interface ListPosition {
  readonly at: Date;
  readonly id: string;
}

/** The read model of memberships. A change is in it when its reply is sent. */
export interface Members {
  find(workspaceId: WorkspaceId, userId: string): Promise<Member | null>;
  /** By e-mail address, in any spelling. */
  byEmail(workspaceId: WorkspaceId, email: EmailAddress): Promise<Member | null>;
  after(workspaceId: WorkspaceId, position: ListPosition | null, limit: number): Promise<readonly Member[]>;
}

/** Who somebody is: kept where it can be erased, and in no event. */
export interface Contact {
  readonly userId: UserId;
  /** Shown where an integer is documented (S2-04). */
  readonly number: number;
  readonly email: string;
  readonly name: string | null;
  /** When a mail to the address was answered; null: never. */
  readonly emailVerifiedAt: Date | null;
  /** Where the user signed in last. */
  readonly lastWorkspaceId: WorkspaceId | null;
}

export interface NewContact {
  readonly userId: UserId;
  readonly email: EmailAddress;
  readonly name: string | null;
  readonly emailVerifiedAt: Date | null;
}

export interface Contacts {
  find(userId: UserId): Promise<Contact | null>;
  byEmail(email: EmailAddress): Promise<Contact | null>;
  /** @throws AppError `claim.taken` (details: scope `email`) when another user has the address, in whatever spelling */
  add(tx: Transaction, contact: NewContact): Promise<void>;
  /** Keeps the first time. */
  verified(tx: Transaction, userId: UserId, at: Date): Promise<void>;
}

/** An invitation that is neither accepted nor withdrawn; it may have expired. */
export interface Invitation {
  readonly invitationId: string;
  readonly workspaceId: WorkspaceId;
  readonly role: Role;
  /** Kept until it is accepted, withdrawn or erased. */
  readonly email: EmailAddress;
  readonly invitedBy: UserId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface NewInvitation extends Pick<Invitation, 'email' | 'invitedBy'> {
  readonly token: Secret;
}

export interface InvitationWrite {
  readonly invitationId: string;
  readonly decide: (state: InvitationState) => readonly InvitationEvent[];
  readonly meta: EventMeta;
  readonly by?: Actor;
  /** With the event that creates it. */
  readonly created?: NewInvitation;
  readonly within?: (tx: Transaction) => Promise<void>;
}

/** Invitations as streams of events, with whom they invite beside them. */
export interface Invitations {
  /** @throws AppError what `decide` and `within` throw, `auth.forbidden`, `stream.version_conflict` */
  write(write: InvitationWrite): Promise<void>;
  /** As a part of a transaction, which is to be done again after `stream.version_conflict`. */
  writeIn(tx: Transaction, write: Omit<InvitationWrite, 'by'>): Promise<void>;
  find(workspaceId: WorkspaceId, invitationId: string): Promise<Invitation | null>;
  byToken(token: Secret): Promise<Invitation | null>;
  /** In every workspace, or in one. */
  to(email: EmailAddress, workspaceId?: WorkspaceId): Promise<readonly Invitation[]>;
  /** In every workspace, as a transaction sees them. */
  toIn(tx: Transaction, email: EmailAddress): Promise<readonly Invitation[]>;
  after(workspaceId: WorkspaceId, position: ListPosition | null, limit: number): Promise<readonly Invitation[]>;
}

/** Everything about a person that is not in events. */
export interface PersonalData {
  /** Deletes all that is kept of the user, also what others are writing at the same time. Answers the address, if there was one. */
  erase(tx: Transaction, userId: UserId): Promise<EmailAddress | null>;
}

/** What is written to somebody. A token or a code in it is shown nowhere else. */
export type MailMessage = { readonly to: EmailAddress } & (
  | {
      readonly template: 'invitation';
      readonly values: {
        readonly workspace: string;
        readonly role: Role;
        readonly expiresAt: Date;
        readonly token: Secret;
      };
    }
  | {
      readonly template: 'password_reset';
      readonly values: { readonly expiresAt: Date; readonly token: Secret };
    }
  | {
      /** Six digits: a second factor, or the proof that the address is the user's. */
      readonly template: 'email_code';
      readonly values: { readonly expiresAt: Date; readonly code: Secret };
    }
  | {
      readonly template: 'second_factor_changed';
      readonly values: { readonly change: 'enrolled' | 'disabled'; readonly method: MfaMethod };
    }
  | { readonly template: 'password_changed'; readonly values: { readonly at: Date } }
  | { readonly template: 'account_locked'; readonly values: { readonly until: Date } }
  | KeyNotice
);

export interface Mail {
  /** In the outbox when the transaction is committed, and sent after it. */
  send(tx: Transaction, message: MailMessage): Promise<void>;
}

/** 256 random bits that prove something once. */
export interface Tokens {
  next(): Secret;
}

/** The first workspace and its owner. */
export interface FirstWorkspaces {
  /** What the first start has decided on, whether or not it came to its end. */
  decided(): Promise<FirstWorkspace | null>;
  /** As `decided`, once the owner is registered too. */
  complete(): Promise<FirstWorkspace | null>;
  remember(tx: Transaction, first: FirstWorkspace): Promise<void>;
}
