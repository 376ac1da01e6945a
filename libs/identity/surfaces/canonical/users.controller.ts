import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { roleSchema } from '@latchkey/contracts';
import { Requires, type Requirement } from '@latchkey/guard';
import {
  Answers,
  ListCursors,
  pageOf,
  pageQuery,
  Refuses,
  timestamp,
  timestampText,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
  type Reply,
} from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { ChangeMemberHandler, type MemberChange } from '../../application/change-member.handler';
import type { Member } from '../../application/ports';
import { ReadMembersQuery } from '../../application/read-members.query';
import { CurrentCaller } from '../current-caller';

const READ: Requirement = { scopes: ['users:read'], credentials: ['api_key', 'session', 'client'] };
const WRITE: Requirement = { scopes: ['users:write'], credentials: ['api_key', 'session', 'client'] };
const LIST = 'users';

const SCOPE_SETS_MAX = 20;

/** Fields that are absent stay as they are. */
const changeBody = z
  .strictObject({ role: roleSchema, scope_sets: z.array(z.string().min(1).max(100)).max(SCOPE_SETS_MAX) })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must have a role or scope sets')
  .transform((body): readonly MemberChange[] => [
    ...(body.role === undefined ? [] : [{ type: 'ChangeMemberRole' as const, role: body.role }]),
    ...(body.scope_sets === undefined
      ? []
      : [{ type: 'ChangeMemberScopeSets' as const, scopeSetIds: body.scope_sets }]),
  ]);

/** A user as a member of the caller's workspace. */
export const userSchema = z
  .strictObject({
    id: z.string(),
    /** Null when it has been erased. */
    email: z.string().nullable(),
    name: z.string().nullable(),
    role: roleSchema,
    /** Ids of scope sets, whose scopes they have besides those of the role. */
    scope_sets: z.array(z.string()),
    status: z.enum(['active', 'suspended']),
    joined_at: timestampText,
  })
  .meta({ id: 'User' });

type UserRecord = Reply<typeof userSchema>;

export const userRecord = (member: Member): UserRecord => ({
  id: member.userId,
  email: member.email,
  name: member.name,
  role: member.role,
  scope_sets: member.scopeSetIds,
  status: member.suspended ? 'suspended' : 'active',
  joined_at: timestamp(member.joinedAt),
});

/** Members of the caller's workspace. */
@Controller('api/v1/users')
export class UsersController {
  constructor(
    private readonly members: ReadMembersQuery,
    private readonly changeMember: ChangeMemberHandler,
    private readonly cursors: ListCursors,
  ) {}

  @Get()
  @Requires(READ)
  @Answers(pageOf(userSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<UserRecord>> {
    const workspace = caller.workspaceId;
    const { items, next } = await this.members.after(workspace, this.cursors.read(LIST, workspace, cursor), limit);
    return { items: items.map(userRecord), next_cursor: next && this.cursors.write(LIST, workspace, next) };
  }

  @Get(':id')
  @Requires(READ)
  @Answers(userSchema)
  @Refuses('member.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<UserRecord> {
    return userRecord(await this.members.one(caller.workspaceId, id));
  }

  @Patch(':id')
  @Requires(WRITE)
  @Answers(userSchema)
  @Refuses('member.not_found', 'member.last_owner', 'scope_set.unknown')
  change(
    @Param('id') id: string,
    @Body(zodBody(changeBody)) changes: readonly MemberChange[],
    @CurrentCaller() caller: Caller,
  ): Promise<UserRecord> {
    return this.changed(id, changes, caller);
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @Requires(WRITE)
  @Answers(userSchema)
  @Refuses('member.not_found', 'member.last_owner')
  suspend(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<UserRecord> {
    return this.changed(id, [{ type: 'SuspendMember' }], caller);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Requires(WRITE)
  @Answers(userSchema)
  @Refuses('member.not_found')
  resume(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<UserRecord> {
    return this.changed(id, [{ type: 'ResumeMember' }], caller);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  @Refuses('member.not_found', 'member.last_owner')
  async remove(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.changed(id, [{ type: 'RemoveMember' }], caller);
  }

  private async changed(id: string, changes: readonly MemberChange[], caller: Caller): Promise<UserRecord> {
    return userRecord(await this.changeMember.execute(id, changes, caller));
  }
}
