import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';
import type { Clock } from '@latchkey/kernel';
import { Answers, pageOf, Refuses, zodQuery, type CursorCodec, type Page, type Reply } from '@latchkey/platform';
import type { AuditReader } from '../../application/ports';
import { afterOf, cursorAfter } from './audit-cursor';
import { auditEventOf, auditEventSchema, auditSources, auditSourcesSchema } from './audit-event';
import { auditEventQuery, type AuditEventQuery } from './audit-event-query';

export const AUDIT_READER = Symbol('AUDIT_READER');
export const AUDIT_CURSORS = Symbol('AUDIT_CURSORS');
export const AUDIT_CLOCK = Symbol('AUDIT_CLOCK');

@Controller('api/v1/audit-events')
@Requires({ scopes: ['audit:read'], credentials: ['api_key', 'session', 'client'] })
export class AuditEventsController {
  constructor(
    @Inject(AUDIT_READER) private readonly events: AuditReader,
    @Inject(AUDIT_CURSORS) private readonly cursors: CursorCodec,
    @Inject(AUDIT_CLOCK) private readonly clock: Clock,
  ) {}

  /** The caller's workspace's events, newest first. */
  @Get()
  @Answers(pageOf(auditEventSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @CurrentPrincipal() { workspace_id: workspaceId }: Principal,
    @Query(zodQuery(auditEventQuery)) query: AuditEventQuery,
  ): Promise<Page<Reply<typeof auditEventSchema>>> {
    const { limit, cursor, actor: actorId, request_id: requestId, ...filter } = query;
    const after = cursor === undefined ? null : afterOf(this.cursors, workspaceId, cursor);
    const found = await this.events.list({ ...filter, workspaceId, actorId, requestId }, limit + 1, after);
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return {
      items: items.map(auditEventOf),
      next_cursor: last === undefined ? null : cursorAfter(this.cursors, workspaceId, last),
    };
  }

  /**
   * Whether anything is missing in what the services have sent, and since when. Sources are those of the whole installation, so a workspace
   * is not told how many events there are or which: that is in the operators' metrics.
   */
  @Get('sources')
  @Answers(auditSourcesSchema)
  async sources(): Promise<Reply<typeof auditSourcesSchema>> {
    return { sources: auditSources(await this.events.sources(), this.clock.now()) };
  }
}
