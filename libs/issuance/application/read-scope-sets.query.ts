import { AppError, type WorkspaceId } from '@latchkey/kernel';
import type { LiveScopeSet } from '../domain/scope-set/scope-set';
import type { ScopeSetPosition, ScopeSets } from './scope-set-ports';

export interface ScopeSetPage {
  readonly sets: readonly LiveScopeSet[];
  /** Where the next page begins, `null` on the last one. */
  readonly next: ScopeSetPosition | null;
}

/** A workspace's scope sets, without those that were deleted. */
export class ReadScopeSetsQuery {
  constructor(private readonly sets: Pick<ScopeSets, 'find' | 'after'>) {}

  /** @throws AppError `scope_set.not_found`, the same for one of another workspace */
  async one(workspaceId: WorkspaceId, id: string): Promise<LiveScopeSet> {
    const set = await this.sets.find(workspaceId, id);
    if (!set) throw new AppError('scope_set.not_found');
    return set;
  }

  /** Newest first. */
  async after(workspaceId: WorkspaceId, position: ScopeSetPosition | null, limit: number): Promise<ScopeSetPage> {
    const found = await this.sets.after(workspaceId, position, limit + 1);
    const sets = found.slice(0, limit);
    const last = sets.at(-1);
    return { sets, next: found.length > limit && last ? { at: last.createdAt, id: last.scopeSetId } : null };
  }
}
