import type { EventEnvelope } from '@latchkey/contracts';
import type { DeliveredMessage } from '@latchkey/event-bus';
import type { TelemetryBatch } from './telemetry-batch';
import type { TelemetryKindName } from './telemetry-kinds';
import type { NodePulse } from './silence';

/**
 * `contradiction`: another event has this position of the source, or this event another position.
 * `unstorable`: the storage refuses what the event holds, and always will.
 */
export type RecordOutcome = 'recorded' | 'duplicate' | 'contradiction' | 'unstorable';

/** What is written. Nothing in it is ever changed; that a user is erased ends what `DecisionLog` has of them, at once. */
export interface AuditLog {
  /** Keeps the event and the bytes it came in, once, and its position. */
  record(event: EventEnvelope, bytes: Buffer): Promise<RecordOutcome>;
}

/** Messages that could not be recorded. */
export interface ParkedMessages {
  /** Keeps a message with the reason, so that somebody can look at it. */
  park(message: DeliveredMessage, reason: string): Promise<void>;
  /** Forgets messages of telemetry that were parked before `time`. @returns how many */
  prune(time: Date): Promise<number>;
}

/** What nodes have told: decisions, and attempts to sign in. Kept for a time, encrypted; what is about a user, not after they are erased. */
export interface DecisionLog {
  /** Keeps the batch, once, and its position. `size`: of the message, in bytes. */
  record(batch: TelemetryBatch, size: number): Promise<RecordOutcome>;
  /** Forgets what was recorded before `time`. */
  prune(time: Date): Promise<void>;
}

/** Which parts of batches are looked at. */
export interface TelemetryQuery {
  readonly workspaceId: string;
  readonly kind: TelemetryKindName;
  /** Only parts that say of somebody that they were kept out. */
  readonly deniedOnly: boolean;
  /** The earliest time that is in. */
  readonly from?: Date | undefined;
  /** The earliest time that is out again. */
  readonly to?: Date | undefined;
}

/** Place of a part among those of its workspace and kind: newest first. */
export interface PartPlace {
  readonly lastAt: Date;
  readonly part: string;
}

export interface KeptPart extends PartPlace {
  readonly content: string;
}

export interface TelemetryReader {
  /** Every part that may have what is asked for, from `start` on, which is in. None once the key of the workspace was erased. */
  parts(query: TelemetryQuery, start: PartPlace | null): AsyncIterable<KeptPart>;
}

/** Place of an event in the list: newest first. */
export interface AuditSort {
  readonly time: Date;
  readonly source: string;
  readonly position: string;
}

export interface AuditFilter {
  readonly workspaceId: string;
  readonly type?: string | undefined;
  readonly subject?: string | undefined;
  readonly actorId?: string | undefined;
  readonly requestId?: string | undefined;
  /** The earliest time that is in. */
  readonly from?: Date | undefined;
  /** The earliest time that is out again. */
  readonly to?: Date | undefined;
}

export interface AuditEvent extends AuditSort {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly actorId: string;
  readonly requestId: string;
  readonly data: unknown;
}

export interface PositionGap {
  readonly source: string;
  /** First and last position that are missing. */
  readonly first: string;
  readonly last: string;
  readonly since: Date;
}

export interface AuditSource {
  readonly source: string;
  readonly lastPosition: string;
  readonly gaps: readonly PositionGap[];
  /** Of a node's boot; null for a service. */
  readonly pulse: NodePulse | null;
}

/** Shows operators how complete the log is. */
export interface SourceGauges {
  set(sources: readonly AuditSource[], silent: number, parkedMessages: number): void;
}

export interface AuditReader {
  /** Newest first, those behind `after`. */
  list(filter: AuditFilter, limit: number, after: AuditSort | null): Promise<readonly AuditEvent[]>;
  sources(): Promise<readonly AuditSource[]>;
  parkedCount(): Promise<number>;
}
