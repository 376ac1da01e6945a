import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, OWN_ASSETS, Requires } from '@latchkey/guard';
import { zodBody } from '@latchkey/platform';
import { bulkAddBody, type Asset, type BulkAddBody } from './asset';
import { AssetsService } from './assets.service';

/** All calls are about many assets, so the service filters by the principal's itself. */
@Controller()
export class AssetsController {
  constructor(private readonly assets: AssetsService) {}

  /** S4E: by Bearer, `X-API-Key`, or a browser's session in the cookie or the query. */
  @Get('api/assets')
  @Requires({ scopes: ['assets:read'], asset: OWN_ASSETS, forms: ['bearer', 'x-api-key', 'cookie', 'query'] })
  list(@CurrentPrincipal() principal: Principal): { readonly data: readonly Asset[] } {
    return { data: this.assets.list(principal) };
  }

  /** S4E: the credential may also stand in the body, as `token`. */
  @Post('asset/handler/bulk-asset-add')
  @HttpCode(200)
  @Requires({ scopes: ['assets:write'], asset: OWN_ASSETS, forms: ['bearer', 'x-api-key', 'body'] })
  addMany(
    @Body(zodBody(bulkAddBody)) { assets }: BulkAddBody,
    @CurrentPrincipal() principal: Principal,
  ): { readonly message: string } {
    const added = this.assets.add(principal, assets);
    return { message: `${added} ${added === 1 ? 'asset' : 'assets'} added.` };
  }

  /** S-Launch: collections end in a slash. Nest takes the last slash off, so there are two. */
  @Get('api/store/asset//')
  @Requires({ scopes: ['store:read'], asset: OWN_ASSETS })
  listStore(@CurrentPrincipal() principal: Principal): {
    readonly items: readonly Asset[];
    readonly next_cursor: null;
  } {
    return { items: this.assets.list(principal), next_cursor: null };
  }
}
