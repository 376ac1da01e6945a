import type { CredentialRef } from '@latchkey/contracts';

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
