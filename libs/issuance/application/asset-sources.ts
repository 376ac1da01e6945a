import { AppError, type Clock, type WorkspaceId } from '@latchkey/kernel';
import { decideAssetSource, type AssetSource } from '../domain/asset-source/asset-source';
import type { AssetInventories, AssetSources } from './asset-source-ports';
import { metaOf, type Caller } from './caller';

export interface OfferedAssets {
  /** In order. */
  readonly names: readonly string[];
  /** After which the next page begins, `null` on the last one. */
  readonly next: string | null;
}

export interface AssetsQuery {
  /** Those of the caller, who is told of no others. */
  readonly within: 'all' | readonly string[];
  /** Part of a name, in whatever case. */
  readonly search: string;
  readonly after: string | null;
  readonly limit: number;
}

/** What a picker of a key's assets offers. Any other name may be given to a key too: an asset may be known to its service alone. */
export class WorkspaceAssets {
  constructor(
    private readonly sources: AssetSources,
    private readonly inventories: AssetInventories,
    private readonly clock: Clock,
  ) {}

  source(workspaceId: WorkspaceId): Promise<AssetSource> {
    return this.sources.find(workspaceId);
  }

  /** @throws AppError `asset_source.not_allowed` for an address that the operator has not allowed */
  async change(source: AssetSource, caller: Caller): Promise<AssetSource> {
    if (source.kind === 'url' && !this.inventories.allows(source.url))
      throw new AppError('asset_source.not_allowed', { field: 'url' });
    const { workspaceId } = caller;
    const now = this.clock.now();
    await this.sources.write({
      workspaceId,
      decide: (before) => decideAssetSource({ workspaceId, source, now }, before),
      meta: metaOf(caller, now),
    });
    return source;
  }

  /** @throws AppError `asset_source.unavailable` */
  async offered(workspaceId: WorkspaceId, { within, search, after, limit }: AssetsQuery): Promise<OfferedAssets> {
    const source = await this.sources.find(workspaceId);
    const all = source.kind === 'list' ? source.assets : await this.inventories.names(source.url);
    const part = search.toLowerCase();
    const found = [...new Set(all)]
      .filter((name) => within === 'all' || within.includes(name))
      .filter((name) => name.toLowerCase().includes(part) && (after === null || name > after))
      .sort((a, b) => (a < b ? -1 : 1));
    const names = found.slice(0, limit);
    return { names, next: found.length > limit ? (names.at(-1) ?? null) : null };
  }
}
