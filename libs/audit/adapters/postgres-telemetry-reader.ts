import { setImmediate } from 'node:timers/promises';
import { databaseFailure } from '@latchkey/event-store';
import { unseal } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { KeptPart, PartPlace, TelemetryQuery, TelemetryReader } from '../application/ports';
import { contextOfPart } from './postgres-decision-log';
import type { WorkspaceKeys } from './workspace-keys';

const READ_AT_ONCE = 20;

interface PartRow {
  readonly part: string;
  readonly source: string;
  readonly position: string;
  readonly last_at: Date;
  readonly content: Buffer;
}

export class PostgresTelemetryReader implements TelemetryReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: WorkspaceKeys,
  ) {}

  async *parts(query: TelemetryQuery, start: PartPlace | null): AsyncGenerator<KeptPart> {
    const { workspaceId } = query;
    const key = await this.#try(() => this.keys.find(this.dataSource.manager, workspaceId));
    if (key === null) return;
    let rows = await this.#read(query, start, '<=');
    while (rows.length > 0) {
      for (const { source, position, part, last_at: lastAt, content } of rows) {
        yield {
          ...{ part, lastAt },
          content: unseal(key, content, contextOfPart(source, position, workspaceId)).toString(),
        };
        // A part takes a millisecond or two: what else this process has to answer comes in between.
        await setImmediate();
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < READ_AT_ONCE) return;
      rows = await this.#read(query, { lastAt: last.last_at, part: last.part }, '<');
    }
  }

  #read(query: TelemetryQuery, start: PartPlace | null, from: '<' | '<='): Promise<readonly PartRow[]> {
    const parameters: unknown[] = [];
    const $ = (value: unknown) => `$${parameters.push(value)}`;
    const conditions = [`workspace_id = ${$(query.workspaceId)}`, `kind = ${$(query.kind)}`];
    if (query.deniedOnly) conditions.push('denied > 0');
    if (query.from) conditions.push(`last_at >= ${$(query.from)}`);
    if (query.to) {
      const to = $(query.to);
      // A part lies in one minute: that says where in the index it can be.
      conditions.push(`first_at < ${to}`, `last_at < ${to}::timestamptz + interval '1 minute'`);
    }
    if (start) conditions.push(`(last_at, part) ${from} (${$(start.lastAt)}, ${$(start.part)})`);
    return this.#try(() =>
      this.dataSource.query<PartRow[]>(
        `SELECT part, source, position, last_at, content FROM decision_parts
         WHERE ${conditions.join(' AND ')} ORDER BY last_at DESC, part DESC LIMIT ${READ_AT_ONCE}`,
        parameters,
      ),
    );
  }

  async #try<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      throw databaseFailure(error, 'reading what nodes have told');
    }
  }
}
