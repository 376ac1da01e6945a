import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { AuditEvent, AuditFilter, AuditReader, AuditSort, AuditSource, PositionGap } from '../application/ports';
import type { NodePulse } from '../application/silence';

interface EventRow {
  readonly source: string;
  readonly position: string;
  readonly event_id: string;
  readonly type: string;
  readonly time: Date;
  readonly subject: string;
  readonly actor_id: string;
  readonly request_id: string;
  readonly event: Buffer;
}

interface SourceRow {
  readonly source: string;
  readonly last: string;
  /** Null for what is no node. */
  readonly heartbeat_ms: number | null;
  readonly last_seen_at: Date | null;
  readonly stopped: boolean | null;
  readonly replaced: boolean;
}

interface GapRow {
  readonly source: string;
  readonly first: string;
  readonly last: string;
  readonly since: Date;
}

/** What a filter means, in the order in which the conditions are joined. `$` stands for its parameter. */
const conditions: readonly { readonly sql: string; readonly value: (filter: AuditFilter) => unknown }[] = [
  { sql: 'workspace_id = $', value: ({ workspaceId }) => workspaceId },
  { sql: 'type = $', value: ({ type }) => type },
  { sql: 'subject = $', value: ({ subject }) => subject },
  { sql: 'actor_id = $', value: ({ actorId }) => actorId },
  { sql: 'request_id = $', value: ({ requestId }) => requestId },
  { sql: 'time >= $', value: ({ from }) => from },
  { sql: 'time < $', value: ({ to }) => to },
];

export class PostgresAuditReader implements AuditReader {
  constructor(private readonly dataSource: DataSource) {}

  async list(filter: AuditFilter, limit: number, after: AuditSort | null): Promise<readonly AuditEvent[]> {
    const parameters: unknown[] = [];
    const parameter = (value: unknown) => `$${parameters.push(value)}`;
    const where = conditions.flatMap(({ sql, value }) => {
      const wanted = value(filter);
      return wanted === undefined ? [] : [sql.replace('$', () => parameter(wanted))];
    });
    if (after !== null) {
      const { time, source, position } = after;
      where.push(`(time, source, position) < (${parameter(time)}, ${parameter(source)}, ${parameter(position)})`);
    }
    const rows = await this.query<EventRow>(
      `SELECT source, position, event_id, type, time, subject, actor_id, request_id, event FROM audit_events
       WHERE ${where.join(' AND ')} ORDER BY time DESC, source DESC, position DESC LIMIT ${parameter(limit)}`,
      parameters,
    );
    return rows.map(toEvent);
  }

  async sources(): Promise<readonly AuditSource[]> {
    const rows = await this.query<SourceRow>(
      `SELECT source, max(last_position) AS last, heartbeat_ms, last_seen_at, stopped,
              EXISTS (SELECT FROM decision_sources AS later
                      WHERE later.node = decision_sources.node AND later.boot > decision_sources.boot) AS replaced
       FROM position_ranges LEFT JOIN decision_sources USING (source) GROUP BY source, decision_sources.source ORDER BY source`,
    );
    const gaps = await this.gaps();
    return rows.map((row) => ({
      source: row.source,
      lastPosition: row.last,
      gaps: gaps.filter((gap) => gap.source === row.source),
      pulse: pulseOf(row),
    }));
  }

  async parkedCount(): Promise<number> {
    const [row] = await this.query<{ count: number }>('SELECT count(*)::integer AS count FROM parked_messages');
    return row?.count ?? 0;
  }

  /** A gap is what lies before a range and after the one before it; positions begin at 1. */
  private gaps(): Promise<readonly PositionGap[]> {
    return this.query<GapRow>(
      `SELECT source, first, last, since
       FROM (SELECT source, gap_since AS since, first_position - 1 AS last,
                    coalesce(lag(last_position) OVER (PARTITION BY source ORDER BY first_position), 0) + 1 AS first
             FROM position_ranges) AS before
       WHERE first <= last ORDER BY source, first`,
    );
  }

  private async query<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'reading the audit log');
    }
  }
}

const pulseOf = ({
  heartbeat_ms: heartbeatMs,
  last_seen_at: lastSeenAt,
  stopped,
  replaced,
}: SourceRow): NodePulse | null =>
  heartbeatMs === null || lastSeenAt === null ? null : { heartbeatMs, lastSeenAt, stopped: stopped === true, replaced };

const toEvent = ({ event_id, actor_id, request_id, event, ...row }: EventRow): AuditEvent => ({
  ...row,
  id: event_id,
  actorId: actor_id,
  requestId: request_id,
  data: (JSON.parse(event.toString()) as { data: unknown }).data,
});
