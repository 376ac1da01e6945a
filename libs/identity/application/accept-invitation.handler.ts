import { AppError, isAppError, userId, type Clock, type IdSource, type RequestId, type Secret } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import { decideInvitation } from '../domain/invitation/invitation';
import type { UserCommand } from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import type { NewPasswords } from './new-passwords';
import type { PasswordStore } from './password-ports';
import type { Contact, Contacts, Invitation, Invitations, Member, Members, Transaction, Users } from './ports';

export interface Acceptance {
  readonly token: Secret;
  /** For an account that is made by it. */
  readonly password?: Secret | undefined;
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  readonly requestId: RequestId;
  readonly signal?: AbortSignal | undefined;
}

export interface Accepted {
  readonly invitation: Invitation;
  readonly member: Member;
}

/**
 * Makes a member of whoever holds the token of an invitation. It was mailed to one address, so whoever holds it reads the mail of that address:
 * the same proof by which a forgotten password is reset. That is enough to make the account of the address, or to add a membership to one that
 * there is: it opens no session, so who has only stolen the mail of somebody with an account gains nothing by it.
 */
export class AcceptInvitationHandler {
  constructor(
    private readonly invitations: Invitations,
    private readonly users: Users,
    private readonly contacts: Contacts,
    private readonly members: Members,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: Pick<PasswordStore, 'set'>,
    private readonly settlement: Settlement,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws AppError `invitation.not_found`; `invitation.ended`, also when who invited may not give that role any more; `request.invalid`
   * for an account without a password, or a password for one that has its own; `member.exists`; `member.too_many`; what `NewPasswords.hash` throws
   */
  async execute(acceptance: Acceptance): Promise<Accepted> {
    const invitation = await this.invitations.byToken(acceptance.token);
    if (!invitation) throw new AppError('invitation.not_found');
    const now = this.clock.now();
    if (invitation.expiresAt <= now) throw new AppError('invitation.ended');
    const contact = await this.contacts.byEmail(invitation.email);
    const accepted = contact
      ? await this.#join(invitation, contact, acceptance, now)
      : await this.#register(invitation, acceptance, now);
    const member = await this.members.find(invitation.workspaceId, accepted);
    if (!member) throw new AppError('invitation.ended', { internal: 'removed as soon as the invitation was accepted' });
    return { invitation, member };
  }

  async #join(invitation: Invitation, contact: Contact, acceptance: Acceptance, now: Date): Promise<string> {
    if (acceptance.password !== undefined) {
      throw new AppError('request.invalid', {
        field: 'password',
        public: 'There is an account for this address already, with a password of its own: leave out "password".',
      });
    }
    const { userId: id } = contact;
    await this.#write(invitation, id, acceptance, now, [], (tx) => this.contacts.verified(tx, id, now));
    return id;
  }

  async #register(invitation: Invitation, acceptance: Acceptance, now: Date): Promise<string> {
    const { password, name = null, ip, signal } = acceptance;
    const { email } = invitation;
    if (password === undefined) {
      throw new AppError('request.invalid', {
        field: 'password',
        public: 'There is no account for this address yet: choose a "password".',
      });
    }
    const hash = await this.newPasswords.hash({ password, email: email.canonical, field: 'password', ip, signal });
    const id = userId(this.ids.next());
    const first: readonly UserCommand[] = [
      { type: 'RegisterUser', userId: id, now },
      { type: 'ChangePassword', how: 'set', now },
    ];
    await this.#write(invitation, id, acceptance, now, first, async (tx) => {
      await this.contacts.add(tx, { userId: id, email, name, emailVerifiedAt: now });
      await this.passwords.set(tx, id, hash, now);
    });
    return id;
  }

  /** The membership, and that the invitation is accepted, are one change. */
  async #write(
    { invitationId, workspaceId, role, invitedBy }: Invitation,
    id: Contact['userId'],
    { requestId }: Acceptance,
    now: Date,
    first: readonly UserCommand[],
    within: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    const commands: readonly UserCommand[] = [...first, { type: 'AddMember', workspaceId, role, now }];
    const meta = { actorId: id, workspaceId, requestId, at: now };
    try {
      const { changed } = await this.users.write({
        userId: id,
        decide: (state) => decideInTurn(commands, state),
        meta,
        // What bounded the key by which they invited was asked when they did.
        by: { userId: invitedBy, workspaceId, keyScopes: null },
        within: async (tx) => {
          await this.invitations.writeIn(tx, {
            invitationId,
            decide: (state) => decideInvitation({ type: 'AcceptInvitation', userId: id, now }, state),
            meta,
          });
          await within(tx);
        },
      });
      await this.settlement.settle([changed]);
    } catch (cause) {
      if (isAppError(cause, 'auth.forbidden')) throw new AppError('invitation.ended', { cause });
      throw cause;
    }
  }
}
