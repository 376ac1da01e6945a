import type { WorkspaceId } from '@latchkey/kernel';
import type { AssetSourceChanged } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, writeProjection, type EventStore } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { AssetSources, AssetSourceWrite } from '../../application/asset-source-ports';
import { evolveAssetSource, initialAssetSource, type AssetSource } from '../../domain/asset-source/asset-source';
import { assetSourceProjection } from '../../projections/asset-source.projection';

/** A workspace has one. Its own id is that of a stream elsewhere. */
const idOf = (workspaceId: WorkspaceId) => `${workspaceId}.assets`;

/** Asset sources in issuance's schema. */
export class PostgresAssetSources implements AssetSources {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventStore,
  ) {}

  async find(workspaceId: WorkspaceId): Promise<AssetSource> {
    try {
      const [row] = await this.dataSource.query<{ source: AssetSource }[]>(
        'SELECT source FROM asset_source WHERE asset_source_id = $1',
        [idOf(workspaceId)],
      );
      return row?.source ?? initialAssetSource;
    } catch (error) {
      throw databaseFailure(error, 'reading an asset source');
    }
  }

  async write({ workspaceId, decide, meta }: AssetSourceWrite): Promise<void> {
    await decideAndAppend<AssetSource, AssetSourceChanged>(this.events, {
      streamId: idOf(workspaceId),
      initialState: initialAssetSource,
      evolve: evolveAssetSource,
      decide,
      meta,
      within: (tx, recorded) => writeProjection(tx, assetSourceProjection, recorded),
    });
  }
}
