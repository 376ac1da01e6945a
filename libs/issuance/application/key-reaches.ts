import { ADMIN_SCOPE, canonicalScope } from '@latchkey/access';
import type { Role } from '@latchkey/contracts';
import type { UserId, WorkspaceId } from '@latchkey/kernel';
import type { Caller } from './caller';
import type { WorkspaceDirectory } from './ports';

/** Keys of a workspace: those of one member, or all. To who may not see a key there is none. */
export interface KeyReach {
  readonly workspaceId: WorkspaceId;
  /** `null`: everybody's. */
  readonly userId: UserId | null;
  /** Whether the caller can do everything in the workspace. */
  readonly admin: boolean;
}

const READ_ALL: ReadonlySet<Role | undefined> = new Set<Role>(['owner', 'admin', 'auditor']);
const CHANGE_ALL: ReadonlySet<Role | undefined> = new Set<Role>(['owner', 'admin']);

/**
 * Which keys a caller reaches. The scopes of keys (C22) say what may be done, and the role of the user behind the credential to whose keys:
 * a member's own key would otherwise reach further than its member (C18). With the admin scope to everybody's.
 */
export class KeyReaches {
  constructor(private readonly directory: WorkspaceDirectory) {}

  /** Owners, admins and auditors read all keys, members their own. */
  toRead(caller: Caller): Promise<KeyReach> {
    return this.#of(caller, READ_ALL);
  }

  /** Owners and admins change all keys, members their own. */
  toChange(caller: Caller): Promise<KeyReach> {
    return this.#of(caller, CHANGE_ALL);
  }

  async #of({ workspaceId, userId, scopes }: Caller, all: ReadonlySet<Role | undefined>): Promise<KeyReach> {
    const profile = await this.directory.profileOf(workspaceId);
    if (scopes.some((scope) => canonicalScope(profile, scope) === ADMIN_SCOPE)) {
      return { workspaceId, userId: null, admin: true };
    }
    const { member } = await this.directory.standingOf(workspaceId, userId);
    return { workspaceId, userId: all.has(member?.role) ? null : userId, admin: false };
  }
}

/** Whoever signed in as one who can do everything can sign in again, and make another admin key. */
export const sparesAdminKeys = ({ admin }: KeyReach, { credential }: Caller): boolean =>
  admin && credential.kind === 'session';
