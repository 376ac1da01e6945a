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
