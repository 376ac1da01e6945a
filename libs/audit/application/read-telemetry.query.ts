import type { PartPlace, TelemetryQuery, TelemetryReader } from './ports';
import { isDenied, type TelemetryEntry, type TelemetryKind } from './telemetry-kinds';

/** So much is looked at for one page, whatever it looks for. */
const PARTS_MAX = 500;
const ENTRIES_MAX = 20_000;

/** Place of an entry: parts newest first, and in each its entries, newest first. */
export interface EntryPlace extends PartPlace {
  /** In its part, from 0, the oldest first. */
  readonly entry: number;
}

export interface PlacedEntry<Entry> extends EntryPlace {
  readonly value: Entry;
}

export interface TelemetryPage<Entry> {
  readonly entries: readonly PlacedEntry<Entry>[];
  /** Where looking on begins, behind that place; null when everything has been looked at. */
  readonly next: EntryPlace | null;
}

export interface TelemetryFilter<Entry> extends Pick<TelemetryQuery, 'workspaceId' | 'from' | 'to'> {
  /** `denied`: any that kept somebody out; undefined: any. */
  readonly outcome?: string | undefined;
  /** What else an entry must be. */
  matches(this: void, entry: Entry): boolean;
}

/** Stands for every outcome that kept somebody out. */
const DENIED = 'denied';

/** Reads what nodes have told of a workspace. */
export class ReadTelemetryQuery {
  constructor(private readonly reader: TelemetryReader) {}

  /**
   * Newest first: entries of one batch, a second or so of one node, in their order; of several nodes, batch by batch. A page that has looked at
   * as much as it may is shorter than `limit`, or empty, and says where to look on.
   */
  async page<Entry extends TelemetryEntry>(
    kind: TelemetryKind<Entry>,
    filter: TelemetryFilter<Entry>,
    limit: number,
    after: EntryPlace | null,
  ): Promise<TelemetryPage<Entry>> {
    const found: PlacedEntry<Entry>[] = [];
    let [parts, entries] = [0, 0];
    const { workspaceId, from, to, outcome } = filter;
    const deniedOnly = outcome !== undefined && isDenied(kind, outcome);
    const query = { workspaceId, from, to, kind: kind.name, deniedOnly };
    for await (const { part, lastAt, content } of this.reader.parts(query, after)) {
      const all = kind.read(content).toSorted((a, b) => a.timeMs - b.timeMs);
      const end = part === after?.part ? after.entry : all.length;
      for (const [entry, value] of [...all.slice(0, end).entries()].toReversed()) {
        if (!isWithin(filter, value) || !hasOutcome(kind, outcome, value) || !filter.matches(value)) continue;
        const place = { lastAt, part, entry };
        found.push({ ...place, value });
        if (found.length === limit) return { entries: found, next: place };
      }
      parts += 1;
      entries += all.length;
      if (parts === PARTS_MAX || entries >= ENTRIES_MAX) return { entries: found, next: { lastAt, part, entry: 0 } };
    }
    return { entries: found, next: null };
  }
}

const isWithin = ({ from, to }: Pick<TelemetryQuery, 'from' | 'to'>, { timeMs }: TelemetryEntry) =>
  (from === undefined || timeMs >= from.getTime()) && (to === undefined || timeMs < to.getTime());

const hasOutcome = <Entry extends TelemetryEntry>(
  kind: TelemetryKind<Entry>,
  wanted: string | undefined,
  { outcome }: Entry,
): boolean => wanted === undefined || (wanted === DENIED ? isDenied(kind, outcome) : outcome === wanted);
