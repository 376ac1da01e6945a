import type { RandomBytes } from '@latchkey/access';
import type { Environment } from '@latchkey/platform';

/** What a command has of the outside world. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** All of standard input, of which at most the given number of bytes is read. */
  readonly readInput: (bytesMax: number) => Promise<string>;
  readonly randomBytes: RandomBytes;
  /** May name profiles and prefixes of one's own. */
  readonly environment: Environment;
}

/** The command line is wrong; the message is for its writer. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
