import type { EventEnvelope, identityEvents } from '@latchkey/contracts';
import type { Clock } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { AuditLog, RecordOutcome } from '../application/ports';
import { eraseUser } from './erased-users';
import { recordOnce } from './position-ranges';

const USER_ERASED = 'latchkey.user.erased.v1' satisfies keyof typeof identityEvents;

export class PostgresAuditLog implements AuditLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  record(event: EventEnvelope, bytes: Buffer): Promise<RecordOutcome> {
    const { source, position } = event;
    return recordOnce(this.dataSource, {
      ...{ source, position, clock: this.clock, what: 'recording an audit event' },
      write: async (tx) => {
        if (!(await insert(tx, event, bytes))) return outcomeOfConflict(tx, event);
        if (event.type === USER_ERASED) await eraseUser(tx, event.subject, this.clock.now());
        return null;
      },
    });
  }
}

async function insert(tx: EntityManager, event: EventEnvelope, bytes: Buffer): Promise<boolean> {
  const inserted = await tx.query<unknown[]>(
    `INSERT INTO audit_events
       (source, position, event_id, type, time, subject, workspace_id, actor_id, request_id, event)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING 1`,
    [
      event.source,
      event.position,
      event.id,
      event.type,
      event.time,
      event.subject,
      event.workspaceid,
      event.actorid,
      event.requestid,
      bytes,
    ],
  );
  return inserted.length === 1;
}

async function outcomeOfConflict(tx: EntityManager, { source, position, id }: EventEnvelope): Promise<RecordOutcome> {
  const same = await tx.query<unknown[]>(
    'SELECT 1 FROM audit_events WHERE source = $1 AND position = $2 AND event_id = $3',
    [source, position, id],
  );
  return same.length === 1 ? 'duplicate' : 'contradiction';
}
