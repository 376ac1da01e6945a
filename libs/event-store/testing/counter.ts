import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { PublishedEvent, RecordedEvent } from '../event-store';
import type { Projection } from '../projection';
import type { EventSchemas, IncomingMessage } from '../read-models/incoming-event';
import { toEnvelope } from '../relay/publisher';
import { meta } from './events';

/** A read model with a column of each kind that matters: text, integer, array, jsonb, time, null. */
export interface CounterRow {
  readonly id: string;
  readonly count: number;
  readonly what: readonly unknown[];
  readonly tags: readonly string[];
  readonly last_at: Date;
  readonly ended_at: Date | null;
}

export const createCounters = (dataSource: DataSource): Promise<unknown> =>
  dataSource.query(`CREATE TABLE counters (
    id text PRIMARY KEY, count integer NOT NULL CHECK (count < 1000), what jsonb NOT NULL, tags text[] NOT NULL,
    last_at timestamptz NOT NULL, ended_at timestamptz)`);

export const counters: Projection<CounterRow> = {
  table: 'counters',
  columns: ['id', 'count', 'what', 'tags', 'last_at', 'ended_at'],
  project: (row, event) => {
    const { what } = event.data as { what: unknown };
    if (what === 'reducer throws') throw new Error('cannot take this');
    if (what === 'deleted') return null;
    return {
      id: event.streamId,
      count: what === 'database refuses' ? 5_000 : (row?.count ?? 0) + 1,
      what: [...(row?.what ?? []), what],
      tags: [...(row?.tags ?? []), `v${event.version}`].slice(-3),
      last_at: event.meta.at,
      ended_at: what === 'ended' ? event.meta.at : null,
    };
  },
};

export const counterSchemas: EventSchemas = {
  'latchkey.test.happened.v1': z.strictObject({ what: z.union([z.string(), z.number()]) }),
};

export const readCounters = (dataSource: DataSource): Promise<CounterRow[]> =>
  dataSource.query<CounterRow[]>('SELECT * FROM counters ORDER BY id');

/** The message of an event, as the relay makes it. */
export function messageOf(event: RecordedEvent): IncomingMessage {
  const published: PublishedEvent = { ...event, position: 1n };
  return { key: event.streamId, value: Buffer.from(JSON.stringify(toEnvelope(published, 'latchkey/test'))) };
}

/** A stream of events that were never stored. */
export const streamOf = (streamId: string, ...whats: readonly unknown[]): readonly RecordedEvent[] =>
  whats.map((what, index) => ({
    eventId: `${streamId}-${index + 1}`,
    streamId,
    version: index + 1,
    type: 'latchkey.test.happened.v1',
    data: { what },
    meta: { ...meta, at: new Date(meta.at.getTime() + index) },
  }));
