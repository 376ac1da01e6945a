import type { CredentialRef, CredentialResolver } from '@latchkey/contracts';
import { AskQueue, withinMs, type AskLimits } from '@latchkey/live-state';
import type { CredentialMemory } from './ports';

/** A call that hangs must make room for the next. */
const ASK_TIMEOUT_MS = 1_000;

/**
 * Finds the credential behind a digest. What was found is remembered for ever, as a digest never comes to stand for anything else; whether
 * it is still good is the subjects' business. "There is none" is never remembered: the key may be made the next moment.
 */
export class CredentialDirectory {
  private readonly asks: AskQueue<Uint8Array, CredentialRef | null>;

  /** `limits`: anybody can make up keys that look good, so what is asked about them at once is bounded. */
  constructor(
    resolver: CredentialResolver,
    private readonly memory: CredentialMemory,
    limits?: AskLimits,
  ) {
    this.asks = new AskQueue({
      ask: (digests) => withinMs(resolver.resolve(digests), ASK_TIMEOUT_MS),
      nameOf: (digest) => String.fromCharCode(...digest),
      ...(limits && { limits }),
    });
  }

  /**
   * @param asker on whose behalf: where many wait, each asker has its share
   * @throws AppError `service.unavailable` when the owner cannot say, or too many wait for it.
   */
  async find(sha256: Uint8Array, asker: string): Promise<CredentialRef | null> {
    const remembered = this.memory.get(sha256);
    if (remembered) return remembered;
    const found = await this.asks.ask(sha256, asker);
    if (found) this.memory.put(sha256, found);
    return found;
  }
}
