import { Controller, Get, Param, Query } from '@nestjs/common';
import { leakPolicySchema } from '@latchkey/contracts';
import { Requires, type Requirement } from '@latchkey/guard';
import {
  Answers,
  ListCursors,
  pageOf,
  pageQuery,
  Refuses,
  timestamp,
  timestampText,
  zodQuery,
  type Page,
  type PageQuery,
  type Reply,
} from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import type { Leak } from '../../application/leaks/ports';
import { ReadLeaksQuery } from '../../application/leaks/read-leaks.query';
import { CurrentCaller } from '../current-caller';

const LIST = 'leaks';
const READ: Requirement = { scopes: ['apikeys:read'], credentials: ['api_key', 'session', 'client'] };

const leakSchema = z
  .strictObject({
    id: z.string(),
    reported_at: timestampText,
    reported_by: z.string(),
    /** In the words of who reported it. */
    url: z.string(),
    source: z.string(),
    key_id: z.string(),
    key_name: z.string(),
    secret_id: z.string(),
    /** What the workspace wanted to be done then. */
    policy: leakPolicySchema,
    /** How it stands with the secret now. */
    secret: z.strictObject({
      status: z.enum(['live', 'suspended', 'ended']),
      ends_at: timestampText.nullable(),
      last_used: timestampText.nullable(),
    }),
    /** Where the audit has what was done with the secret, and with `audit:read` shows it. */
    decisions: z.strictObject({ all: z.string(), since_report: z.string() }),
  })
  .meta({ id: 'Leak' });

type LeakRecord = Reply<typeof leakSchema>;

/** Keys that were found where everybody can read them. */
@Controller('api/v1/leaks')
@Requires(READ)
export class LeaksController {
  constructor(
    private readonly leaks: ReadLeaksQuery,
    private readonly cursors: ListCursors,
  ) {}

  @Get()
  @Answers(pageOf(leakSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<LeakRecord>> {
    const position = this.cursors.read(LIST, caller.workspaceId, cursor);
    const { leaks, next } = await this.leaks.after(caller, position, limit);
    return { items: leaks.map(leakRecord), next_cursor: next && this.cursors.write(LIST, caller.workspaceId, next) };
  }

  @Get(':id')
  @Answers(leakSchema)
  @Refuses('leak.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<LeakRecord> {
    return leakRecord(await this.leaks.one(caller, id));
  }
}

const leakRecord = (leak: Leak): LeakRecord => ({
  id: leak.leakId,
  reported_at: timestamp(leak.reportedAt),
  reported_by: leak.reporter,
  url: leak.url,
  source: leak.source,
  key_id: leak.keyId,
  key_name: leak.keyName,
  secret_id: leak.secretId,
  policy: leak.policy,
  secret: {
    status: leak.secret.status,
    ends_at: leak.secret.endsAt && timestamp(leak.secret.endsAt),
    last_used: leak.secret.lastUsedAt && timestamp(leak.secret.lastUsedAt),
  },
  decisions: {
    all: decisionsOf(leak),
    since_report: `${decisionsOf(leak)}&from=${timestamp(leak.reportedAt)}`,
  },
});

const decisionsOf = ({ secretId }: Leak): string => `/api/v1/access-decisions?key=${secretId}`;
