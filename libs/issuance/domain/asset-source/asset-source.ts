import { sameList } from '@latchkey/access';
import type { WorkspaceId } from '@latchkey/kernel';
import type { AssetSourceChanged } from '@latchkey/contracts';

/** Where the names come from that a workspace's members choose a key's assets among (C26): a list, or an address that answers one. */
export type AssetSource = AssetSourceChanged['data']['source'];

/** Of an asset's name. */
export const ASSET_NAME_LENGTH_MAX = 500;

export const initialAssetSource: AssetSource = { kind: 'list', assets: [] };

export interface ChangeAssetSource {
  readonly workspaceId: WorkspaceId;
  readonly source: AssetSource;
  readonly now: Date;
}

/** Nothing, when it is that already. */
export function decideAssetSource(
  { workspaceId, source, now }: ChangeAssetSource,
  before: AssetSource,
): readonly AssetSourceChanged[] {
  if (sameSource(before, source)) return [];
  return [{ type: 'latchkey.asset_source.changed.v1', data: { workspaceId, source, changedAt: now.toISOString() } }];
}

export const evolveAssetSource = (_: AssetSource, { data }: AssetSourceChanged): AssetSource => data.source;

function sameSource(one: AssetSource, other: AssetSource): boolean {
  if (one.kind === 'url') return other.kind === 'url' && one.url === other.url;
  return other.kind === 'list' && sameList(one.assets, other.assets);
}
