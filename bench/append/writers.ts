import { eventStoreMigrations, openDatabase, PostgresEventStore, type Append } from '@latchkey/event-store';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { v7 } from 'uuid';

/** Appends one event to a stream of its own, and resolves when Postgres has it on its disk. */
export type Writer = () => Promise<void>;

export type WriterName = 'event-store' | 'event-and-row' | 'raw-pg';

const golden = path.join(__dirname, '../../libs/contracts/events/golden/latchkey.key.created.v1.json');
const { type, data } = JSON.parse(readFileSync(golden, 'utf8')) as { readonly type: string; readonly data: object };
const meta = { actorId: randomUUID(), workspaceId: randomUUID(), requestId: randomUUID() };

/** Each with as many connections as there are callers. */
export const openWriter: Readonly<Record<WriterName, (url: string, connections: number) => Promise<Writer>>> = {
  'event-store': async (url, connections) => appendTo(await database(url, connections)),

  'event-and-row': async (url, connections) => {
    const dataSource = await database(url, connections);
    await dataSource.query('CREATE TABLE read_model (id text PRIMARY KEY, type text NOT NULL)');
    return appendTo(dataSource, async (tx, [event]) => {
      await tx.query('INSERT INTO read_model (id, type) VALUES ($1, $2)', [event?.streamId, event?.type]);
    });
  },

  'raw-pg': async (url, connections) => {
    const pool = new Pool({ connectionString: url, max: connections });
    await pool.query(
      `CREATE TABLE events (stream_id text, version integer, event_id uuid UNIQUE, type text, data bytea, meta jsonb,
         PRIMARY KEY (stream_id, version))`,
    );
    const bytes = Buffer.from(JSON.stringify(data));
    return async () => {
      await pool.query({
        name: 'insert',
        text: 'INSERT INTO events (stream_id, version, event_id, type, data, meta) VALUES ($1, 1, $2, $3, $4, $5)',
        values: [v7(), v7(), type, bytes, JSON.stringify({ ...meta, at: new Date() })],
      });
    };
  },
};

const database = (url: string, connections: number): Promise<DataSource> =>
  openDatabase({
    url,
    schema: 'bench',
    migrations: eventStoreMigrations,
    poolSize: connections,
    applicationName: 'latchkey-bench',
  });

function appendTo(dataSource: DataSource, within?: Append['within']): Writer {
  const store = new PostgresEventStore(dataSource);
  return async () => {
    await store.append({
      streamId: v7(),
      expected: 'no_stream',
      events: [{ type, data }],
      meta: { ...meta, at: new Date() },
      ...(within && { within }),
    });
  };
}

/** @throws Error when an answer of this server does not mean that the row will be there after a crash */
export async function requireDurability(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 });
  for (const setting of ['fsync', 'synchronous_commit']) {
    const { rows } = await pool.query<Record<string, string>>(`SHOW ${setting}`);
    if (rows[0]?.[setting] !== 'on') throw new Error(`${setting} of this Postgres is not on`);
  }
  await pool.end();
}
