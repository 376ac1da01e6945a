import { AppError, type Clock } from '@latchkey/kernel';
import { instant, pageOf, pageQuery, timestampText, type CursorCodec, type Page, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { EntryPlace, PlacedEntry, ReadTelemetryQuery } from '../../application/read-telemetry.query';
import type { TelemetryEntry, TelemetryKind } from '../../application/telemetry-kinds';
import { exact } from './audit-event-query';

const SORT = '-time';
const DAY_MS = 86_400_000;
const place = z.tuple([z.iso.datetime(), z.uuid(), z.int().min(0)]);

/** What the queries of all three lists have. */
export const telemetryQuery = pageQuery.extend({
  /** `denied` stands for every outcome that kept somebody out. */
  outcome: exact.optional(),
  /** The earliest time that is in. */
  from: instant.optional(),
  /** The earliest time that is out again. */
  to: instant.optional(),
});

export type TelemetryPageQuery = z.output<typeof telemetryQuery>;

/** It may be shorter than `limit`, or empty, when much was looked at for it: only a page without a cursor is the last. */
export interface TelemetryRecords<Item> extends Page<Item> {
  /** What was recorded before is deleted. */
  readonly kept_from: string;
}

/** The same, for the OpenAPI document. */
export const telemetryPageOf = <Item extends z.ZodType>(item: Item) =>
  pageOf(item).extend({ kept_from: timestampText });

/** What an item of a list begins with. */
export const entrySchema = z.strictObject({ id: z.string(), time: timestampText, outcome: z.string() });

export const entryRecord = ({ part, entry, value }: PlacedEntry<TelemetryEntry>): Reply<typeof entrySchema> => ({
  id: `${part}.${entry}`,
  time: new Date(value.timeMs).toISOString(),
  outcome: value.outcome,
});

/** Pages of what nodes have told of a workspace, newest first. */
export class TelemetryPages {
  constructor(
    private readonly telemetry: ReadTelemetryQuery,
    private readonly cursors: CursorCodec,
    private readonly clock: Clock,
    private readonly keptDays: number,
  ) {}

  /** @throws AppError `request.invalid_cursor`, for one of another list or workspace too */
  async read<Entry extends TelemetryEntry, Item>(
    kind: TelemetryKind<Entry>,
    workspaceId: string,
    { limit, cursor, ...filter }: TelemetryPageQuery,
    matches: (entry: Entry) => boolean,
    itemOf: (entry: PlacedEntry<Entry>) => Item,
  ): Promise<TelemetryRecords<Item>> {
    const list = `${kind.name}/${workspaceId}`;
    const after = cursor === undefined ? null : this.#placeIn(list, cursor);
    const { entries, next } = await this.telemetry.page(kind, { ...filter, workspaceId, matches }, limit, after);
    return {
      items: entries.map(itemOf),
      next_cursor: next && this.#cursorOf(list, next),
      kept_from: new Date(this.clock.now().getTime() - this.keptDays * DAY_MS).toISOString(),
    };
  }

  #cursorOf(list: string, { lastAt, part, entry }: EntryPlace): string {
    return this.cursors.encode(list, { sort: SORT, after: [lastAt.toISOString(), part, entry] });
  }

  #placeIn(list: string, cursor: string): EntryPlace {
    const columns = place.safeParse(this.cursors.decode(list, cursor).after);
    if (!columns.success) throw new AppError('request.invalid_cursor', { field: 'cursor' });
    const [lastAt, part, entry] = columns.data;
    return { lastAt: new Date(lastAt), part, entry };
  }
}
