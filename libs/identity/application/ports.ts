import type { FirstWorkspace, UserEvent, WorkspaceEvent } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { UserState } from '../domain/user/user';

/** The first workspace and its owner. */
export interface FirstWorkspaces {
  /** What the first start has decided on, whether or not it came to its end. */
  decided(): Promise<FirstWorkspace | null>;
  /** As `decided`, once the owner is registered too. */
  complete(): Promise<FirstWorkspace | null>;
  /**
   * Writes the workspace, its subject and that it is the first one in one transaction.
   * @throws AppError `claim.taken` when another instance was faster
   */
  create(first: FirstWorkspace, events: readonly WorkspaceEvent[], meta: EventMeta): Promise<void>;
  /** Loads, decides and writes the owner, the subject and the e-mail address in one transaction. */
  writeOwner(
    first: FirstWorkspace,
    decide: (state: UserState) => readonly UserEvent[],
    email: string | undefined,
    meta: EventMeta,
  ): Promise<void>;
}
