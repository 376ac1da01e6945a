import type { GrantorsOwn } from '@latchkey/access';
import type { ScopeSetId, WorkspaceId } from '@latchkey/kernel';

interface GivenScopes {
  readonly canonical: readonly string[];
  /** In the spelling of who gives them. */
  readonly asSent: readonly string[];
}

/** What whoever creates or changes a set has themselves. */
export type ScopeSetGrantor = Pick<GrantorsOwn, 'grant' | 'profile'>;

export interface CreateScopeSet {
  readonly type: 'CreateScopeSet';
  readonly scopeSetId: ScopeSetId;
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly description: string;
  readonly scopes: GivenScopes;
  readonly grantor: ScopeSetGrantor;
  readonly now: Date;
}

/** Fields that are absent stay as they are. */
export interface ScopeSetChanges {
  readonly name?: string;
  readonly description?: string;
  readonly scopes?: GivenScopes;
}

export interface ChangeScopeSet {
  readonly type: 'ChangeScopeSet';
  readonly changes: ScopeSetChanges;
  readonly grantor: ScopeSetGrantor;
  readonly now: Date;
}

/** Permanent. */
export interface DeleteScopeSet {
  readonly type: 'DeleteScopeSet';
  /** Whose it must be. */
  readonly workspaceId: WorkspaceId;
  readonly now: Date;
}

export type ScopeSetCommand = CreateScopeSet | ChangeScopeSet | DeleteScopeSet;
