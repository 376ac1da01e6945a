import { z } from 'zod';

/** Payloads of the events of where a workspace's assets are known from. Old versions must parse for ever. */
export const assetSourceEvents = {
  'latchkey.asset_source.changed.v1': z.strictObject({
    workspaceId: z.string(),
    source: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('list'), assets: z.array(z.string()).readonly() }),
      z.strictObject({ kind: z.literal('url'), url: z.string() }),
    ]),
    changedAt: z.iso.datetime(),
  }),
} as const;

export interface AssetSourceChanged {
  readonly type: 'latchkey.asset_source.changed.v1';
  readonly data: z.infer<(typeof assetSourceEvents)['latchkey.asset_source.changed.v1']>;
}
