import { isAppError, userId, workspaceId, type Clock, type IdSource } from '@latchkey/kernel';
import { profileByName } from '@latchkey/access';
import type { FirstWorkspace, UserEvent } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import { decideUser } from '../domain/user/decide';
import { evolveUser, type UserState } from '../domain/user/user';
import { decideWorkspace, initialWorkspace } from '../domain/workspace/workspace';
import type { FirstWorkspaces } from './ports';

export interface FirstWorkspaceOptions {
  /** `LATCHKEY_PROFILE`. Without effect once there is a workspace. */
  readonly profile: string;
  /** `LATCHKEY_ADMIN_EMAIL`, the owner's. Kept in a table that can be erased, never in an event. */
  readonly adminEmail?: string | undefined;
}

const NAME = 'First workspace';

/**
 * Makes the first workspace and its owner at the first start: once, also when several instances start at once, and to its end, also
 * after a crash half-way.
 */
export class EnsureFirstWorkspaceHandler {
  constructor(
    private readonly workspaces: FirstWorkspaces,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** @throws Error that names `LATCHKEY_PROFILE` when there is no such profile */
  async execute({ profile, adminEmail }: FirstWorkspaceOptions): Promise<FirstWorkspace> {
    const first = (await this.workspaces.decided()) ?? (await this.create(profile));
    const now = this.clock.now();
    await this.workspaces.writeOwner(first, (state) => ownerOf(first, state, now), adminEmail, meta(first, now));
    return first;
  }

  private async create(profile: string): Promise<FirstWorkspace> {
    if (!profileByName(profile)) throw new Error(`LATCHKEY_PROFILE: there is no profile ${JSON.stringify(profile)}`);
    const now = this.clock.now();
    const first = { workspaceId: workspaceId(this.ids.next()), ownerId: userId(this.ids.next()), profile };
    const command = { type: 'CreateWorkspace', workspaceId: first.workspaceId, name: NAME, profile, now } as const;
    try {
      await this.workspaces.create(first, decideWorkspace(command, initialWorkspace), meta(first, now));
      return first;
    } catch (error) {
      const others = isAppError(error, 'claim.taken') ? await this.workspaces.decided() : null;
      if (!others) throw error;
      return others;
    }
  }
}

/** Nothing, if the owner is registered already. */
function ownerOf({ workspaceId, ownerId }: FirstWorkspace, state: UserState, now: Date): readonly UserEvent[] {
  if (state.status !== 'None') return [];
  const registered = decideUser({ type: 'RegisterUser', userId: ownerId, now }, state);
  const member = registered.reduce(evolveUser, state);
  return [...registered, ...decideUser({ type: 'AddMember', workspaceId, role: 'owner', now }, member)];
}

const meta = ({ workspaceId }: FirstWorkspace, at: Date): EventMeta => ({
  actorId: 'installation',
  workspaceId,
  requestId: 'first-start',
  at,
});
