import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires, type Requirement } from '@latchkey/guard';
import { AppError, workspaceId } from '@latchkey/kernel';
import {
  Answers,
  CursorCodec,
  pageOf,
  pageQuery,
  Refuses,
  zodBody,
  zodQuery,
  type Page,
  type Reply,
} from '@latchkey/platform';
import { z } from 'zod';
import { WorkspaceAssets } from '../../application/asset-sources';
import type { Caller } from '../../application/caller';
import { ASSET_NAME_LENGTH_MAX, type AssetSource } from '../../domain/asset-source/asset-source';
import { assetName } from '../asset-name';
import { CurrentCaller } from '../current-caller';

const LISTED_MAX = 1_000;
const URL_LENGTH_MAX = 2_000;
const SORT = 'name:asc';

const PICK: Requirement = { scopes: ['apikeys:write'], credentials: ['api_key', 'session', 'client'] };
const ADMIN: Requirement = { ...PICK, scopes: ['admin:full'] };

/** One or the other: what the workspace's assets are called, or the address that answers it. */
const sourceBody = z.union([
  z
    .strictObject({ assets: z.array(assetName).max(LISTED_MAX) })
    .transform(({ assets }): AssetSource => ({ kind: 'list', assets })),
  z.strictObject({ url: z.url().max(URL_LENGTH_MAX) }).transform(({ url }): AssetSource => ({ kind: 'url', url })),
]);

const assetsQuery = pageQuery.extend({ search: z.string().max(ASSET_NAME_LENGTH_MAX).default('') });
type AssetsQuery = z.output<typeof assetsQuery>;

const assetSchema = z.strictObject({
  /** As a key's `assets` have it. */
  id: z.string(),
});

const sourceSchema = z.union([z.strictObject({ assets: z.array(z.string()) }), z.strictObject({ url: z.string() })]);
type SourceRecord = Reply<typeof sourceSchema>;

const sourceRecord = (source: AssetSource): SourceRecord =>
  source.kind === 'list' ? { assets: source.assets } : { url: source.url };

/** What a picker of a key's assets offers (C26), and where that comes from. */
@Controller('api/v1')
export class AssetsController {
  constructor(
    private readonly assets: WorkspaceAssets,
    private readonly cursors: CursorCodec,
  ) {}

  @Get('assets')
  @Requires(PICK)
  @Answers(pageOf(assetSchema))
  @Refuses('request.invalid_cursor', 'asset_source.not_allowed', 'asset_source.unavailable')
  async list(
    @Query(zodQuery(assetsQuery)) { limit, cursor, search }: AssetsQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<Reply<typeof assetSchema>>> {
    const list = `assets:${principal.workspace_id}`;
    const after = cursor === undefined ? null : this.#nameIn(list, cursor);
    const { names, next } = await this.assets.offered(workspaceId(principal.workspace_id), {
      ...{ within: principal.assets, search, after, limit },
    });
    return {
      items: names.map((id) => ({ id })),
      next_cursor: next && this.cursors.encode(list, { sort: SORT, after: [next] }),
    };
  }

  @Get('asset-source')
  @Requires(ADMIN)
  @Answers(sourceSchema)
  async source(@CurrentCaller() caller: Caller): Promise<SourceRecord> {
    return sourceRecord(await this.assets.source(caller.workspaceId));
  }

  @Put('asset-source')
  @Requires(ADMIN)
  @Answers(sourceSchema)
  @Refuses('asset_source.not_allowed')
  async change(@Body(zodBody(sourceBody)) source: AssetSource, @CurrentCaller() caller: Caller): Promise<SourceRecord> {
    return sourceRecord(await this.assets.change(source, caller));
  }

  #nameIn(list: string, cursor: string): string {
    const { sort, after } = this.cursors.decode(list, cursor);
    if (sort !== SORT || typeof after[0] !== 'string')
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    return after[0];
  }
}
