import type { CredentialRef, CredentialResolver } from '@latchkey/contracts';
import type { CredentialMemory } from './ports';
import { AskBatch } from './ask-batch';

/** Digests that one ask may hold. */
const ASK_ITEMS_MAX = 1_000;

/**
 * Finds the credential behind a digest. What was found is remembered for ever, as a digest never comes to stand for anything else; whether
 * it is still good is the subjects' business. "There is none" is never remembered: the key may be made the next moment.
 */
export class CredentialDirectory {
  private readonly asks: AskBatch<Uint8Array, CredentialRef | null>;

  constructor(
    resolver: CredentialResolver,
    private readonly memory: CredentialMemory,
  ) {
    this.asks = new AskBatch((digests) => resolver.resolve(digests), ASK_ITEMS_MAX);
  }

  /** @throws AppError `service.unavailable` when the owner cannot say. */
  async find(sha256: Uint8Array): Promise<CredentialRef | null> {
    const remembered = this.memory.get(sha256);
    if (remembered) return remembered;
    const found = await this.asks.add(sha256);
    if (found) this.memory.put(sha256, found);
    return found;
  }
}
