import type { SubjectBody, SubjectRef } from '@latchkey/contracts';
import type { EntityManager } from 'typeorm';

export interface SubjectChange extends SubjectRef {
  readonly body: SubjectBody;
}

/** What came of a change: to be settled after its commit. */
export interface ChangedSubject extends SubjectRef {
  /** The shard's workspace: its own id for a workspace, null for what no one workspace has, a user or a signing key (every shard). */
  readonly workspaceId: string | null;
  readonly version: number;
}

/** Owner side, inside the transaction of the event: the subject's row and its pending invalidation (rule 1). */
export interface SubjectChanges {
  write(tx: EntityManager, change: SubjectChange): Promise<ChangedSubject>;
}

/** Owner side, after the commit and before the reply (rule 5). */
export interface Settlement {
  /**
   * Resolves when no node can accept an older version of these subjects any more: after the invalidation under a valid fence, else
   * 2 L + 100 ms after the commit. Never rejects for Redis's sake: waiting is always enough.
   */
  settle(changed: readonly ChangedSubject[]): Promise<void>;
}
