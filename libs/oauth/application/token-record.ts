import type { AccessTokenEntry } from '@latchkey/contracts';

/** Takes tokens that were issued, and refusals of clients, for the record. It costs next to nothing and never fails. */
export interface TokenRecord {
  record(entry: AccessTokenEntry): void;
}

/** For who operates the service. */
export interface TokenCounter extends TokenRecord {
  /** One that is in no record but this count. */
  unrecorded(): void;
}
