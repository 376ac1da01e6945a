import type { SigningKeySubject, SubjectReader } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { AskQueue, withinMs, type AskLimits } from '@latchkey/live-state';
import type { ReadVerifyingKey, VerifyingKey } from './ports';

/** A call that hangs must make room for the next. */
const ASK_TIMEOUT_MS = 1_000;

/** Anybody can make up ids, so few calls ask for them. */
const LIMITS: AskLimits = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };

/**
 * Public keys of access tokens, by id. What was found is remembered for ever, as an id is the key's own thumbprint; whether the key is still
 * trusted is its subject's business. "There is none" is never remembered: the key may be published the next moment.
 */
export class SigningKeys {
  readonly #known = new Map<string, VerifyingKey>();
  readonly #asks: AskQueue<string, SigningKeySubject | null>;

  constructor(
    private readonly owners: SubjectReader,
    private readonly readKey: ReadVerifyingKey,
    limits: AskLimits = LIMITS,
  ) {
    this.#asks = new AskQueue({
      ask: (ids) => withinMs(this.#read(ids), ASK_TIMEOUT_MS),
      nameOf: (id) => id,
      limits,
    });
  }

  /**
   * @param asker on whose behalf: where many wait, each asker has its share
   * @throws AppError `service.unavailable` when the owner cannot say, or too many wait for it; `service.internal`: what it said is not the key
   * of that id
   */
  async find(id: string, asker: string): Promise<VerifyingKey | null> {
    const known = this.#known.get(id);
    if (known) return known;
    const found = await this.#asks.ask(id, asker);
    if (found === null) return null;
    const key = this.readKey(id, found);
    if (key === null)
      throw new AppError('service.internal', { internal: `what is told of the signing key ${id} is another` });
    this.#known.set(id, key);
    return key;
  }

  async #read(ids: readonly string[]): Promise<readonly (SigningKeySubject | null)[]> {
    const refs = ids.map((id) => ({ kind: 'signing_key', id }) as const);
    const snapshots = await this.owners.read('oauth', refs);
    return snapshots.map(({ body }) => (body?.kind === 'signing_key' ? body : null));
  }
}
