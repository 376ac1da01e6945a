import type { SessionId, UserId, WorkspaceId } from '@latchkey/kernel';

/** The workspace that the first start made, and its owner. */
export interface FirstWorkspace {
  readonly workspaceId: WorkspaceId;
  readonly ownerId: UserId;
  /** Name of the workspace's profile (C21). */
  readonly profile: string;
}

/** What identity tells the other services besides its subjects: in process when standalone, over gRPC (`identity.proto`) in a cluster. */
export interface IdentityDirectory {
  /** @throws AppError `service.unavailable` while identity has not made it yet, or cannot be reached. */
  firstWorkspace(): Promise<FirstWorkspace>;
}

/** That a session was used, as a node of enforcement saw it. */
export interface SessionUse {
  readonly sessionId: SessionId;
  /** Unix ms. */
  readonly atMs: number;
}

/** What nodes of enforcement tell identity: over gRPC too. What is lost on the way makes no session live longer than it should. */
export interface SessionActivity {
  /** At most 1,000. */
  note(uses: readonly SessionUse[]): Promise<void>;
}
