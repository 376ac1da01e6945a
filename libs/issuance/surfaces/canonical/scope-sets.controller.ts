import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ADMIN_SCOPE } from '@latchkey/access';
import { Requires, type Requirement } from '@latchkey/guard';
import type { ErrorCode } from '@latchkey/kernel';
import {
  Answers,
  displayName,
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
import { ReadScopeSetsQuery } from '../../application/read-scope-sets.query';
import { ScopeSetHandler } from '../../application/scope-set.handler';
import type { LiveScopeSet } from '../../domain/scope-set/scope-set';
import { CurrentCaller } from '../current-caller';

const LIST = 'scope-sets';
const READ: Requirement = { scopes: ['scopes:read'], credentials: ['api_key', 'session', 'client'] };
/** What a set holds is what others have, so it is not for everybody who manages keys of their own. */
const WRITE: Requirement = { scopes: [ADMIN_SCOPE], credentials: ['api_key', 'session', 'client'] };

const name = displayName;
const description = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must have no control or invisible characters');
const scopes = z.array(z.string().min(1).max(100)).min(1).max(100);

const createBody = z.strictObject({ name, description: description.default(''), scopes });
const changeBody = z.strictObject({ name, description, scopes }).partial();

const scopeSetSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    /** In the spelling in which they were given (C1). */
    scopes: z.array(z.string()),
    created_at: timestampText,
    updated_at: timestampText,
  })
  .meta({ id: 'ScopeSet' });

type ScopeSetRecord = Reply<typeof scopeSetSchema>;

const GRANT_REFUSALS = [
  'scope_set.exceeds_grantor',
  'scope_set.unknown_scope',
  'scope_set.admin_scope',
  'scope_set.name_taken',
] as const satisfies readonly ErrorCode[];

const record = (set: LiveScopeSet): ScopeSetRecord => ({
  id: set.scopeSetId,
  name: set.name,
  description: set.description,
  scopes: set.scopesAsSent,
  created_at: timestamp(set.createdAt),
  updated_at: timestamp(set.changedAt),
});

/** Scopes under one name, for keys, applications and members (S4-13). */
@Controller('api/v1/scope-sets')
export class ScopeSetsController {
  constructor(
    private readonly handler: ScopeSetHandler,
    private readonly sets: ReadScopeSetsQuery,
    private readonly cursors: ListCursors,
  ) {}

  @Post()
  @Requires(WRITE)
  @Answers(scopeSetSchema)
  @Refuses(...GRANT_REFUSALS, 'scope_set.too_many')
  async create(
    @Body(zodBody(createBody)) body: z.output<typeof createBody>,
    @CurrentCaller() caller: Caller,
  ): Promise<ScopeSetRecord> {
    return record(await this.handler.create(body, caller));
  }

  @Get()
  @Requires(READ)
  @Answers(pageOf(scopeSetSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() { workspaceId }: Caller,
  ): Promise<Page<ScopeSetRecord>> {
    const { sets, next } = await this.sets.after(workspaceId, this.cursors.read(LIST, workspaceId, cursor), limit);
    return { items: sets.map(record), next_cursor: next && this.cursors.write(LIST, workspaceId, next) };
  }

  @Get(':id')
  @Requires(READ)
  @Answers(scopeSetSchema)
  @Refuses('scope_set.not_found')
  async get(@Param('id') id: string, @CurrentCaller() { workspaceId }: Caller): Promise<ScopeSetRecord> {
    return record(await this.sets.one(workspaceId, id));
  }

  @Patch(':id')
  @Requires(WRITE)
  @Answers(scopeSetSchema)
  @Refuses(...GRANT_REFUSALS, 'scope_set.not_found')
  async change(
    @Param('id') id: string,
    @Body(zodBody(changeBody)) body: z.output<typeof changeBody>,
    @CurrentCaller() caller: Caller,
  ): Promise<ScopeSetRecord> {
    return record(await this.handler.change(id, body, caller));
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  @Refuses('scope_set.not_found')
  async delete(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.handler.delete(id, caller);
  }
}
