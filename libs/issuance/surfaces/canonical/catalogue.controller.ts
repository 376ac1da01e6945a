import { Controller, Get, Inject } from '@nestjs/common';
import { displayScope, scopeCatalogue } from '@latchkey/access';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import { workspaceId } from '@latchkey/kernel';
import { Answers, pageOf, type Page, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { WorkspaceDirectory } from '../../application/ports';
import { WORKSPACES } from '../tokens';

const scopeSchema = z.strictObject({ name: z.string(), description: z.string() });

const planSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  /** Whether a key has it that asks for none. */
  default: z.boolean(),
  /** Empty: without a limit. */
  limits: z.array(z.strictObject({ name: z.string(), limit: z.number() })),
});

/** What keys of the caller's workspace can be given, as its profile says. */
@Controller('api/v1')
@Requires({ scopes: ['scopes:read'], credentials: ['api_key', 'session', 'client'] })
export class CatalogueController {
  constructor(@Inject(WORKSPACES) private readonly workspaces: WorkspaceDirectory) {}

  @Get('scopes')
  @Answers(pageOf(scopeSchema))
  async scopes(@CurrentPrincipal() principal: Principal): Promise<Page<Reply<typeof scopeSchema>>> {
    const profile = await this.workspaces.profileOf(workspaceId(principal.workspace_id));
    const items = scopeCatalogue(profile).map(({ canonical, description }) => ({
      name: displayScope(profile, canonical),
      description,
    }));
    return { items, next_cursor: null };
  }

  @Get('plans')
  @Answers(pageOf(planSchema))
  async plans(@CurrentPrincipal() principal: Principal): Promise<Page<Reply<typeof planSchema>>> {
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
