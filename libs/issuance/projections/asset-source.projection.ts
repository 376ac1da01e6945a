import type { AssetSourceChanged } from '@latchkey/contracts';
import type { Projection, RecordedEvent } from '@latchkey/event-store';
import { evolveAssetSource, initialAssetSource, type AssetSource } from '../domain/asset-source/asset-source';

export interface AssetSourceRow {
  readonly asset_source_id: string;
  readonly source: AssetSource;
}

/** The asset source of each workspace that has chosen one. */
export const assetSourceProjection: Projection<AssetSourceRow> = {
  table: 'asset_source',
  columns: ['asset_source_id', 'source'],
  project: (row, event) =>
    isChange(event)
      ? { asset_source_id: event.streamId, source: evolveAssetSource(row?.source ?? initialAssetSource, event) }
      : row,
};

const isChange = (event: RecordedEvent): event is RecordedEvent & AssetSourceChanged =>
  event.type === 'latchkey.asset_source.changed.v1';
