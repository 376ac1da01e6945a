import { isAppError, userId, workspaceId, type Clock, type IdSource, type Secret } from '@latchkey/kernel';
import { profileByName } from '@latchkey/access';
import type { FirstWorkspace } from '@latchkey/contracts';
import type { Claim, EventMeta } from '@latchkey/event-store';
import { parseEmailAddress, type EmailAddress } from '../domain/email-address';
import type { UserCommand } from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import { decideWorkspace } from '../domain/workspace/workspace';
import type { NewPasswords } from './new-passwords';
import type { PasswordStore } from './password-ports';
import type { Contacts, FirstWorkspaces, Users, Workspaces } from './ports';

export interface FirstWorkspaceOptions {
  /** `LATCHKEY_PROFILE`. Without effect once there is a workspace. */
  readonly profile: string;
  /** `LATCHKEY_TENANT`, what the workspace is called in addresses; as its profile when absent. */
  readonly slug?: string | undefined;
  /** `LATCHKEY_ADMIN_EMAIL`, the owner's. Kept in a table that can be erased, never in an event. */
  readonly adminEmail: string;
  /** `LATCHKEY_ADMIN_PASSWORD`. Absent: the owner has none until one is set by a mail to the address. */
  readonly adminPassword?: Secret | undefined;
}

const NAME = 'First workspace';
const ONCE: Claim = { scope: 'installation', value: 'first_workspace' };

/**
 * Makes the first workspace and its owner at the first start: once, also when several instances start at once, and to its end, also
 * after a crash half-way.
 */
export class EnsureFirstWorkspaceHandler {
  constructor(
    private readonly first: FirstWorkspaces,
    private readonly workspaces: Workspaces,
    private readonly users: Users,
    private readonly contacts: Contacts,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: Pick<PasswordStore, 'set'>,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** @throws Error that names the variable which is wrong */
  async execute(options: FirstWorkspaceOptions): Promise<FirstWorkspace> {
    const first = (await this.first.decided()) ?? (await this.#create(options));
    if (!(await this.first.complete())) await this.#registerOwner(first, options);
    return first;
  }

  async #create({ profile, slug = profile }: FirstWorkspaceOptions): Promise<FirstWorkspace> {
    if (!profileByName(profile)) throw new Error(`LATCHKEY_PROFILE: there is no profile ${JSON.stringify(profile)}`);
    const now = this.clock.now();
    const first = { workspaceId: workspaceId(this.ids.next()), ownerId: userId(this.ids.next()), profile };
    const { workspaceId: id } = first;
    const command = { type: 'CreateWorkspace', workspaceId: id, name: NAME, profile, slug, now } as const;
    try {
      await this.workspaces.write({
        workspaceId: id,
        decide: (state) => decideWorkspace(command, state),
        meta: meta(first, now),
        claim: [ONCE],
        within: (tx) => this.first.remember(tx, first),
      });
      return first;
    } catch (error) {
      const others = isAppError(error, 'claim.taken') ? await this.first.decided() : null;
      if (!others) throw error;
      return others;
    }
  }

  /** Both subjects are new when they are written, so nothing has to be settled. */
  async #registerOwner(first: FirstWorkspace, { adminEmail, adminPassword }: FirstWorkspaceOptions): Promise<void> {
    const email = parseEmailAddress(adminEmail);
    if (!email) throw new Error('LATCHKEY_ADMIN_EMAIL: is no e-mail address');
    const hash = adminPassword && (await this.#hash(adminPassword, email));
    const now = this.clock.now();
    const { ownerId, workspaceId } = first;
    const commands: readonly UserCommand[] = [
      { type: 'RegisterUser', userId: ownerId, now },
      ...(hash ? [{ type: 'ChangePassword', how: 'set', now } as const] : []),
      { type: 'AddMember', workspaceId, role: 'owner', now },
    ];
    await this.users.write({
      userId: ownerId,
      decide: (state) => (state.status === 'None' ? decideInTurn(commands, state) : []),
      meta: meta(first, now),
      within: async (tx) => {
        await this.contacts.add(tx, { userId: ownerId, email, name: null, emailVerifiedAt: null });
        if (hash) await this.passwords.set(tx, ownerId, hash, now);
      },
    });
  }

  #hash(password: Secret, email: EmailAddress): Promise<Secret> {
    return this.newPasswords.hash({ password, email: email.canonical, field: 'LATCHKEY_ADMIN_PASSWORD' });
  }
}

const meta = ({ workspaceId }: FirstWorkspace, at: Date): EventMeta => ({
  actorId: 'installation',
  workspaceId,
  requestId: 'first-start',
  at,
});
