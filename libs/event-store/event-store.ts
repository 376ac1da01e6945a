import type { EntityManager } from 'typeorm';

/** An event that is about to be appended. `data` becomes canonical JSON bytes (RFC 8785). */
export interface NewEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Who caused an event, and where it can be traced. */
export interface EventMeta {
  readonly actorId: string;
  readonly workspaceId: string;
  readonly requestId: string;
  /** The command's time; it becomes the event's. */
  readonly at: Date;
}

export interface RecordedEvent extends NewEvent {
  readonly eventId: string;
  readonly streamId: string;
  /** Place in the stream, from 1. */
  readonly version: number;
  readonly meta: EventMeta;
}

/** `no_stream`: this append makes the stream. `exists`: any version. A number: exactly that version. */
export type ExpectedVersion = 'no_stream' | 'exists' | number;

/** A value that only one stream may hold at a time (an e-mail address, a display id in a workspace). */
export interface Claim {
  readonly scope: string;
  readonly value: string;
}

export interface Append {
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
  readonly meta: EventMeta;
  readonly claim?: readonly Claim[];
  readonly release?: readonly Claim[];
  /** Runs in the same transaction, after the events are written: own read model, subject rows, results of idempotent commands. */
  readonly within?: (tx: EntityManager, recorded: readonly RecordedEvent[]) => Promise<void>;
}

export interface EventStore {
  /**
   * Writes events, outbox, claims and whatever `within` writes in one transaction.
   * @throws AppError `stream.version_conflict` (decide again), `stream.exists`, `stream.not_found`, `claim.taken` (details: scope)
   */
  append(append: Append): Promise<readonly RecordedEvent[]>;
  /** The stream's events in order, after `afterVersion` (default 0: all). Empty for a stream that does not exist. */
  readStream(streamId: string, afterVersion?: number): Promise<readonly RecordedEvent[]>;
}
