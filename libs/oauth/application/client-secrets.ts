import { isClientSecret } from '@latchkey/access';
import type { Secret } from '@latchkey/kernel';
import { AskQueue, withinMs } from '@latchkey/live-state';
import type { ClientSecretRef, ClientSecretResolver, Sha256 } from './ports-tokens';

/** A call that hangs must make room for the next. */
const ASK_TIMEOUT_MS = 1_000;
/** Anybody can make up secrets that look good: what is asked about them at once is bounded, and each asker has a share. */
const ASK_LIMITS = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };
/** Of some 300 bytes each. */
const REMEMBERED_MAX = 100_000;

/**
 * Finds the client behind a secret. What was found is remembered, as a digest never comes to stand for another; "there is none" never is: it may
 * be made the next moment.
 */
export class ClientSecrets {
  /** By digest. The one that was not used for longest goes first. */
  readonly #remembered = new Map<string, ClientSecretRef>();
  readonly #asks: AskQueue<Uint8Array, ClientSecretRef | null>;

  constructor(
    resolver: ClientSecretResolver,
    private readonly sha256: Sha256,
  ) {
    this.#asks = new AskQueue({
      ask: (digests) => withinMs(resolver.resolve(digests), ASK_TIMEOUT_MS),
      nameOf,
      limits: ASK_LIMITS,
    });
  }

  /** Costs no question. Null: it is not known here. */
  remembered(secret: Secret): ClientSecretRef | null {
    const name = nameOf(this.sha256(secret.reveal()));
    const found = this.#remembered.get(name);
    if (found === undefined) return null;
    this.#remembered.delete(name);
    this.#remembered.set(name, found);
    return found;
  }

  /**
   * Null: it is the secret of no client; of what cannot be one, as anybody can tell, nobody is asked.
   * @param asker on whose behalf
   * @throws AppError `service.unavailable`: nobody can say, or too many wait
   */
  async ask(secret: Secret, asker: string): Promise<ClientSecretRef | null> {
    const text = secret.reveal();
    if (!isClientSecret(text)) return null;
    const digest = this.sha256(text);
    const found = await this.#asks.ask(digest, asker);
    if (found) this.#remember(nameOf(digest), found);
    return found;
  }

  #remember(name: string, found: ClientSecretRef): void {
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.set(name, found);
  }
}

const nameOf = (digest: Uint8Array): string => String.fromCharCode(...digest);
