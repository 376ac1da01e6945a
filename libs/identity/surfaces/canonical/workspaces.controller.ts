import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { FREE_KEYS, leakPolicySchema, roleSchema, type KeyPolicy } from '@latchkey/contracts';
import { Requires } from '@latchkey/guard';
import { AppError, type WorkspaceId } from '@latchkey/kernel';
import {
  Answers,
  CursorCodec,
  displayName,
  pageOf,
  pageQuery,
  profileName,
  Refuses,
  slug,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
  type Reply,
} from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { CreateWorkspaceHandler, type NewWorkspace } from '../../application/create-workspace.handler';
import { ReadWorkspacesQuery } from '../../application/read-workspaces.query';
import { UpdateWorkspaceHandler } from '../../application/update-workspace.handler';
import type { ActiveWorkspace, WorkspaceChanges } from '../../domain/workspace/workspace';
import { email } from '../bodies';
import { CurrentCaller } from '../current-caller';

const SORT = 'id:asc';

/** Ten years. */
const LIFETIME_DAYS_MAX = 3_650;

const keyPolicyBody = z
  .strictObject({
    expiry_required: z.boolean().optional(),
    max_lifetime_days: z.int().min(1).max(LIFETIME_DAYS_MAX).nullable().optional(),
    leaked_keys: leakPolicySchema.optional(),
  })
  .transform((body): Partial<KeyPolicy> => ({
    ...(body.expiry_required !== undefined && { expiryRequired: body.expiry_required }),
    ...(body.max_lifetime_days !== undefined && { maxLifetimeDays: body.max_lifetime_days }),
    ...(body.leaked_keys && { leakedKeys: body.leaked_keys }),
  }));

const createBody = z.strictObject({
  name: displayName,
  profile: profileName,
  slug: slug.optional(),
  owner: email.optional(),
});

const updateBody = z
  .strictObject({
    name: displayName.optional(),
    former_members_keys: z.enum(['end', 'stay']).optional(),
    second_factor: z.enum(['optional', 'required']).optional(),
    slug: slug.optional(),
    key_policy: keyPolicyBody.optional(),
  })
  .transform((body): WorkspaceChanges => ({
    ...(body.name !== undefined && { name: body.name }),
    ...(body.former_members_keys && { formerMembersKeys: body.former_members_keys }),
    ...(body.second_factor && { secondFactor: body.second_factor }),
    ...(body.slug !== undefined && { slug: body.slug }),
    ...(body.key_policy && { keyPolicy: body.key_policy }),
  }));

const workspaceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    /** Name of its profile, which never changes. */
    profile: z.string(),
    /** What becomes of the keys of a member who is suspended or removed. */
    former_members_keys: z.enum(['end', 'stay']),
    /** Whether a session needs one. */
    second_factor: z.enum(['optional', 'required']),
    /** Its name in addresses, `<slug>.<TENANT_DOMAIN>`; null: it has none. */
    slug: z.string().nullable(),
    /** What it demands of its keys, and what becomes of one that was found in public. */
    key_policy: z.strictObject({
      expiry_required: z.boolean(),
      max_lifetime_days: z.number().nullable(),
      leaked_keys: leakPolicySchema,
    }),
  })
  .meta({ id: 'Workspace' });

type WorkspaceRecord = Reply<typeof workspaceSchema>;

const ownWorkspaceSchema = workspaceSchema.pick({ id: true, name: true, profile: true }).extend({ role: roleSchema });

const workspaceRecord = (id: WorkspaceId, workspace: ActiveWorkspace): WorkspaceRecord => ({
  id,
  name: workspace.name,
  profile: workspace.profile,
  former_members_keys: workspace.formerMembersKeys,
  second_factor: workspace.secondFactor,
  slug: workspace.slug ?? null,
  key_policy: keyPolicyRecord(workspace.keyPolicy ?? FREE_KEYS),
});

const keyPolicyRecord = (policy: KeyPolicy): WorkspaceRecord['key_policy'] => ({
  expiry_required: policy.expiryRequired,
  max_lifetime_days: policy.maxLifetimeDays,
  leaked_keys: policy.leakedKeys,
});

@Controller('api/v1/workspaces')
export class WorkspacesController {
  constructor(
    private readonly workspaces: ReadWorkspacesQuery,
    private readonly createWorkspace: CreateWorkspaceHandler,
    private readonly updateWorkspace: UpdateWorkspaceHandler,
    private readonly cursors: CursorCodec,
  ) {}

  /** One's own. A key is of one workspace, and tells nothing of the others that its user is in. */
  @Get()
  @Requires({ scopes: [], credentials: ['session'] })
  @Answers(pageOf(ownWorkspaceSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<Reply<typeof ownWorkspaceSchema>>> {
    const list = `workspaces:${caller.userId}`;
    const after = cursor === undefined ? null : this.positionIn(list, cursor);
    const { items, next } = await this.workspaces.of(caller.userId, after, limit);
    return {
      items: items.map(({ workspaceId: id, name, profile, role }) => ({ id, name, profile, role })),
      next_cursor: next && this.cursors.encode(list, { sort: SORT, after: [next] }),
    };
  }

  /** One more on the installation, from its first one. */
  @Post()
  @Requires({ scopes: ['admin:full'], credentials: ['api_key', 'session'] })
  @Answers(workspaceSchema)
  @Refuses('claim.taken', 'member.too_many', 'auth.rate_limited')
  async create(
    @Body(zodBody(createBody)) request: NewWorkspace,
    @CurrentCaller() caller: Caller,
  ): Promise<WorkspaceRecord> {
    const id = await this.createWorkspace.execute(request, caller);
    return workspaceRecord(id, await this.workspaces.one(id));
  }

  @Get('current')
  @Requires({ scopes: ['users:read'], credentials: ['api_key', 'session', 'client'] })
  @Answers(workspaceSchema)
  async current(@CurrentCaller() caller: Caller): Promise<WorkspaceRecord> {
    const id = caller.workspaceId;
    return workspaceRecord(id, await this.workspaces.one(id));
  }

  @Patch('current')
  @Requires({ scopes: ['admin:full'], credentials: ['api_key', 'session', 'client'] })
  @Answers(workspaceSchema)
  @Refuses('claim.taken')
  async change(
    @Body(zodBody(updateBody)) changes: WorkspaceChanges,
    @CurrentCaller() caller: Caller,
  ): Promise<WorkspaceRecord> {
    const workspace = await this.updateWorkspace.execute(changes, caller);
    return workspaceRecord(caller.workspaceId, workspace);
  }

  private positionIn(list: string, cursor: string): string {
    const { sort, after } = this.cursors.decode(list, cursor);
    if (sort !== SORT || typeof after[0] !== 'string')
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    return after[0];
  }
}
