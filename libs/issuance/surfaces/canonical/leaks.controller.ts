import { Controller, Get, Param, Query } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import { ListCursors, pageQuery, timestamp, zodQuery, type Page, type PageQuery } from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import type { Leak, LeakedSecretNow, LeakPolicy } from '../../application/leaks/ports';
import { ReadLeaksQuery } from '../../application/leaks/read-leaks.query';
import { CurrentCaller } from '../current-caller';

const LIST = 'leaks';
const READ: Requirement = { scopes: ['apikeys:read'], credentials: ['api_key', 'session', 'client'] };

interface LeakRecord {
  readonly id: string;
  readonly reported_at: string;
  readonly reported_by: string;
  /** In the words of who reported it. */
  readonly url: string;
  readonly source: string;
  readonly key_id: string;
  readonly key_name: string;
  readonly secret_id: string;
  /** What the workspace wanted to be done then. */
  readonly policy: LeakPolicy;
  /** How it stands with the secret now. */
  readonly secret: {
    readonly status: LeakedSecretNow['status'];
    readonly ends_at: string | null;
    readonly last_used: string | null;
  };
  /** Where the audit has what was done with the secret, and with `audit:read` shows it. */
  readonly decisions: { readonly all: string; readonly since_report: string };
}

/** Keys that were found where everybody can read them. */
@Controller('api/v1/leaks')
@Requires(READ)
export class LeaksController {
  constructor(
    private readonly leaks: ReadLeaksQuery,
    private readonly cursors: ListCursors,
  ) {}

  @Get()
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<LeakRecord>> {
    const position = this.cursors.read(LIST, caller.workspaceId, cursor);
    const { leaks, next } = await this.leaks.after(caller, position, limit);
    return { items: leaks.map(leakRecord), next_cursor: next && this.cursors.write(LIST, caller.workspaceId, next) };
  }

  @Get(':id')
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
