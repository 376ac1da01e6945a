import type { NodeEvent, Topic } from '@latchkey/contracts';

/** Which process tells. */
export interface NodeRef {
  /** What keeps its name over restarts. */
  readonly node: string;
  /** This run of the process. */
  readonly boot: string;
}

/** Something that happens so often, or so near to what must be fast, that it is told in numbered batches. */
export interface TelemetryKind<Entry> {
  /** Of metrics: `latchkey_<name>_recorded_total`. */
  readonly name: string;
  /** CloudEvents source of the service; node and boot stand behind it. */
  readonly source: string;
  /** One for each kind: a source has one, and its positions have no gap there. */
  readonly topic: Topic;
  /** What an entry takes in memory at most. */
  readonly bytesOf: (entry: Entry) => number;
  /** Entries as they may be kept: texts that strangers chose are bounded. */
  readonly presentable: (entries: readonly Entry[]) => readonly Entry[];
  /** @param dropped entries of this boot that have been lost so far @param now of a batch without entries, which is a heartbeat */
  readonly batchOf: (entries: readonly Entry[], node: NodeRef & { readonly dropped: number }, now: Date) => NodeEvent;
}

/** Takes entries for the record. It costs next to nothing and never fails. */
export interface Entries<Entry> {
  record(entry: Entry): void;
}

/** A numbered event that waits on disk to be published. */
export interface SpooledEvent {
  readonly boot: string;
  readonly number: number;
  readonly bytes: Buffer;
}

/** Where numbered events wait until the bus has them. It belongs to one process. */
export interface Spool extends NodeRef {
  readonly waiting: { readonly events: number; readonly bytes: number };
  /** On disk when it resolves. @throws Error when it cannot be written, or the spool is full; the same number may be written again. */
  write(number: number, bytes: Buffer): Promise<void>;
  /** In the order of boots and numbers, those of former boots first: as many as `bytesMax` holds, one at least if there is any. */
  oldest(bytesMax: number): Promise<readonly SpooledEvent[]>;
  /** Forgets events that `oldest` gave. */
  remove(events: readonly SpooledEvent[]): Promise<void>;
}

/** Told of what happens to the record, for whoever operates the service. */
export interface RecordReport {
  recorded(entries: number): void;
  /** These are lost: their number stays a gap. */
  dropped(entries: number): void;
  notWritten(error: unknown): void;
  notPublished(error: unknown): void;
}
