import type { EntityManager } from 'typeorm';

/** An event that is about to be appended. `data` becomes canonical JSON bytes (RFC 8785), at most 512 KiB. */
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

/** An event as it is stored. `data` is what its bytes hold: plain JSON values, whatever the append was given. */
export interface RecordedEvent extends NewEvent {
  readonly eventId: string;
  /** The aggregate's id, alone: it is the event's `subject` and the key of its message. */
  readonly streamId: string;
  /** Place in the stream, from 1. */
  readonly version: number;
  readonly meta: EventMeta;
}

/** An event with its place among all events of the service, which the relay gave it: from 1, without gaps, for ever. */
export interface PublishedEvent extends RecordedEvent {
  readonly position: bigint;
}

/** `no_stream`: this append makes the stream. `exists`: any version. A number: exactly that version (0: none yet). */
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
  /**
   * Runs in the same transaction, after the events are written: own read model, subject rows, results of idempotent commands.
   * When it throws, nothing is written.
   */
  readonly within?: (tx: EntityManager, recorded: readonly RecordedEvent[]) => Promise<void>;
}

export interface EventStore {
  /**
   * Writes events, outbox, claims and whatever `within` writes in one transaction.
   * @throws AppError `stream.version_conflict` (decide again), `stream.exists`, `stream.not_found`, `claim.taken` (details: scope),
   * `request.too_large` (an event), `request.invalid` (a text that `within` writes and Postgres cannot hold, such as NUL),
   * `service.unavailable` (the events may or may not be written: the expected version of a retry finds out)
   */
  append(append: Append): Promise<readonly RecordedEvent[]>;
  /** The stream's events in order, after `afterVersion` (default 0: all). Empty for a stream that does not exist. */
  readStream(streamId: string, afterVersion?: number): Promise<readonly RecordedEvent[]>;
}

export interface TransactionalEventStore extends EventStore {
  /**
   * The store as a part of a transaction, for the few changes that are one in two streams: what it appends is written with all else there,
   * or not at all. After an error of an append the transaction can only be rolled back, so decide once in it (`attempts: 1`).
   */
  in(tx: EntityManager): EventStore;
}

/** All events of a service by position, for audits and rebuilds. */
export interface PublishedEvents {
  /** At most `limit` (1 to 1,000) events after the position, in order. */
  readPublished(afterPosition: bigint, limit: number): Promise<readonly PublishedEvent[]>;
}
