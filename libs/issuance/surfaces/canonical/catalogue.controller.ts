import { Controller, Get, Inject } from '@nestjs/common';
import { displayScope, scopeCatalogue } from '@latchkey/access';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { workspaceId } from '@latchkey/kernel';
import type { Page } from '@latchkey/platform';
import type { WorkspaceDirectory } from '../../application/ports';
import { WORKSPACES } from '../tokens';

interface ScopeRecord {
  readonly name: string;
  readonly description: string;
}

interface PlanRecord {
  readonly name: string;
  readonly description: string;
  /** Whether a key has it that asks for none. */
  readonly default: boolean;
  /** Empty: without a limit. */
  readonly limits: readonly { readonly name: string; readonly limit: number }[];
}

/** What keys of the caller's workspace can be given, as its profile says. */
@Controller('api/v1')
@Requires({ scopes: ['scopes:read'], credentials: ['api_key', 'session', 'client'] })
export class CatalogueController {
  constructor(@Inject(WORKSPACES) private readonly workspaces: WorkspaceDirectory) {}

  @Get('scopes')
  async scopes(@CurrentPrincipal() principal: Principal): Promise<Page<ScopeRecord>> {
    const profile = await this.workspaces.profileOf(workspaceId(principal.workspace_id));
    const items = scopeCatalogue(profile).map(({ canonical, description }) => ({
      name: displayScope(profile, canonical),
      description,
    }));
    return { items, next_cursor: null };
  }

  @Get('plans')
  async plans(@CurrentPrincipal() principal: Principal): Promise<Page<PlanRecord>> {
    const { plans, defaultPlan } = await this.workspaces.profileOf(workspaceId(principal.workspace_id));
    const items = plans.map(({ name, description, windows }) => ({
      name,
      description,
      default: name === defaultPlan,
      limits: windows.map((window) => ({ name: window.name, limit: window.limit })),
    }));
    return { items, next_cursor: null };
  }
}
