import type { SessionId } from '@latchkey/kernel';
import type { CredentialRef, Decision, SigningKeySubject } from '@latchkey/contracts';

/** SHA-256 of a text's UTF-8 bytes, 32 bytes. */
export type Sha256 = (text: string) => Uint8Array;

/** What this process remembers of credentials that owners named. Bounded; it may forget any of them at any time. */
export interface CredentialMemory {
  get(sha256: Uint8Array): CredentialRef | null;
  put(sha256: Uint8Array, credential: CredentialRef): void;
}

/** A public key of access tokens. */
export interface VerifyingKey {
  /** The only one that it is for. */
  readonly algorithm: SigningKeySubject['algorithm'];
  /**
   * Whether it has signed the text.
   * @param signature in base64url
   */
  verify(signed: string, signature: string): boolean;
}

/** Null: what is told is not the key of that id, by its thumbprint, or none of its algorithm. @throws Error: it is no key */
export type ReadVerifyingKey = (id: string, told: SigningKeySubject) => VerifyingKey | null;

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
