import type { WorkspaceId } from '@latchkey/kernel';
import type { AssetSourceChanged } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { AssetSource } from '../domain/asset-source/asset-source';

export interface AssetSourceWrite {
  readonly workspaceId: WorkspaceId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (before: AssetSource) => readonly AssetSourceChanged[];
  readonly meta: EventMeta;
}

export interface AssetSources {
  /** An empty list for a workspace that has chosen none. */
  find(workspaceId: WorkspaceId): Promise<AssetSource>;
  write(write: AssetSourceWrite): Promise<void>;
}

/** Lists of assets elsewhere. */
export interface AssetInventories {
  /** Whether the operator lets anything be asked there. */
  allows(url: string): boolean;
  /** @throws AppError `asset_source.unavailable` when it does not answer with a list, or may not be asked any more */
  names(url: string): Promise<readonly string[]>;
}
