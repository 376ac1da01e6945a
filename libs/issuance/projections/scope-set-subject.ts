import type { ScopeSetSubject } from '@latchkey/contracts';
import type { ExistingScopeSet } from '../domain/scope-set/scope-set';

/**
 * What decisions know of a scope set. A deleted one holds nothing, so that whatever carries it keeps what it has besides: a set that is not
 * there at all would end every right of a key.
 */
export const scopeSetSubject = (set: ExistingScopeSet): ScopeSetSubject => ({
  kind: 'scope_set',
  workspaceId: set.workspaceId,
  scopes: set.status === 'Live' ? [...set.scopes].sort() : [],
});
