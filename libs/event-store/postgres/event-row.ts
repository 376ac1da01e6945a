import type { EventMeta, PublishedEvent, RecordedEvent } from '../event-store';

/** A row of `events` as the driver gives it. */
export interface EventRow {
  readonly stream_id: string;
  readonly version: number;
  readonly event_id: string;
  readonly type: string;
  readonly data: Buffer;
  readonly meta: StoredMeta;
}

export interface PublishedRow extends EventRow {
  /** A decimal string: the driver does not make numbers of 64-bit integers. */
  readonly position: string;
}

interface StoredMeta {
  readonly actorId: string;
  readonly workspaceId: string;
  readonly requestId: string;
  readonly at: string;
}

export const EVENT_COLUMNS = 'e.stream_id, e.version, e.event_id, e.type, e.data, e.meta';

export const storedMeta = (meta: EventMeta): StoredMeta => ({
  actorId: meta.actorId,
  workspaceId: meta.workspaceId,
  requestId: meta.requestId,
  at: meta.at.toISOString(),
});

export const toRecordedEvent = (row: EventRow): RecordedEvent => ({
  eventId: row.event_id,
  streamId: row.stream_id,
  version: row.version,
  type: row.type,
  data: JSON.parse(row.data.toString('utf8')),
  meta: { ...row.meta, at: new Date(row.meta.at) },
});

export const toPublishedEvent = (row: PublishedRow): PublishedEvent => ({
  ...toRecordedEvent(row),
  position: BigInt(row.position),
});
