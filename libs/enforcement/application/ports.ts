import type { SessionId } from '@latchkey/kernel';
import type { CredentialRef, Decision } from '@latchkey/contracts';

/** SHA-256 of a text's UTF-8 bytes, 32 bytes. */
export type Sha256 = (text: string) => Uint8Array;

/** What this process remembers of credentials that owners named. Bounded; it may forget any of them at any time. */
export interface CredentialMemory {
  get(sha256: Uint8Array): CredentialRef | null;
  put(sha256: Uint8Array, credential: CredentialRef): void;
}

/** Counts decisions for whoever operates the service. */
export interface DecisionCounter {
  /** `outcome` is `allowed`, or why not. */
  count(outcome: string): void;
}

/** Counts calls whose callers may not ask, for whoever operates the service. */
export interface RefusalCounter {
  refused(reason: string, calls: number): void;
  /** Of these, calls that are not in the record, as there were too many. */
  unrecorded(calls: number): void;
}

/** Takes that a session was used. It costs the check next to nothing and never fails. */
export interface ActivityNotes {
  /** @param atMs Unix ms */
  note(session: SessionId, atMs: number): void;
}

/** Takes what was decided, for the record. It costs the check next to nothing and never fails. */
export interface DecisionRecord {
  record(decision: Decision): void;
}

/** A numbered event that waits on disk to be published. */
export interface SpooledEvent {
  readonly boot: string;
  readonly number: number;
  readonly bytes: Buffer;
}

/** Where numbered events wait until the bus has them. It belongs to one process. */
export interface DecisionSpool {
  /** What keeps its name over restarts. */
  readonly node: string;
  /** This run of the process. */
  readonly boot: string;
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
  recorded(decisions: number): void;
  /** These are lost: their number stays a gap. */
  dropped(decisions: number): void;
  notWritten(error: unknown): void;
  notPublished(error: unknown): void;
}
