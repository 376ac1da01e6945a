import type { Provider } from '@nestjs/common';
import { PostgresEventStore } from '@latchkey/event-store';
import type { Clock } from '@latchkey/kernel';
import { HttpAssetInventories } from './adapters/assets/http-asset-inventories';
import { PostgresAssetSources } from './adapters/assets/postgres-asset-sources';
import { WorkspaceAssets } from './application/asset-sources';
import type { IssuanceOptions } from './issuance.module';

/** Where the assets come from that keys are restricted to. */
export function assetSourceProviders(
  { dataSource, assetOrigins = [] }: IssuanceOptions,
  clock: Clock,
): readonly Provider[] {
  const sources = new PostgresAssetSources(dataSource, new PostgresEventStore(dataSource));
  const inventories = new HttpAssetInventories({ origins: assetOrigins });
  return [{ provide: WorkspaceAssets, useValue: new WorkspaceAssets(sources, inventories, clock) }];
}
