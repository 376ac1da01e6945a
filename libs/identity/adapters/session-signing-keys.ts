import type { Clock, IdSource, Secret } from '@latchkey/kernel';
import { databaseFailure } from '@latchkey/event-store';
import { derivedKey, newSealingKey, seal, unseal } from '@latchkey/platform';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

export interface SigningKey {
  readonly kid: string;
  /** 256 bits, as long as the digest of HS256 (RFC 7518 §3.2). */
  readonly key: Uint8Array;
  readonly createdAt: Date;
}

export interface SigningKeyOptions {
  readonly dataSource: DataSource;
  /** The installation's: keys are kept sealed under it. */
  readonly masterKey: Secret;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** The longest life of what they sign, in ms: for so long a key that was replaced goes on to verify. */
  readonly lifeMs: number;
}

const ROTATE_AFTER_MS = 30 * 86_400_000;
/** Until a key that another instance has made is used here too. */
const FRESH_MS = 60_000;
/** Anybody can write a `kid` that there is not: so often at most are keys read again, for all who wait for it together. */
const READ_EVERY_MS = 100;

/** Keys of session tokens: a new one each month, or when it is asked for. */
export class SessionSigningKeys {
  readonly #wrapping: Buffer;
  /** Newest first. */
  #known: readonly SigningKey[] = [];
  #readAtMs = -Infinity;
  /** Has not begun: whoever comes before it does may go by it. */
  #nextRead: Promise<void> | undefined;
  #rotating: Promise<SigningKey> | undefined;

  constructor(private readonly options: SigningKeyOptions) {
    this.#wrapping = derivedKey(options.masterKey, 'latchkey/identity/session-signing-keys/v1');
  }

  /** The key that signs. */
  async current(): Promise<SigningKey> {
    if (performance.now() - this.#readAtMs > FRESH_MS) await this.#readTogether();
    const [newest] = this.#known;
    const now = this.options.clock.now().getTime();
    if (newest && now - newest.createdAt.getTime() < ROTATE_AFTER_MS) return newest;
    this.#rotating ??= this.rotate().finally(() => (this.#rotating = undefined));
    return this.#rotating;
  }

  /** Null: there is none, or it is so old that nothing it has signed is good any more. */
  async find(kid: string): Promise<SigningKey | null> {
    const known = () => this.#known.find((key) => key.kid === kid);
    if (!known()) await this.#readTogether();
    return known() ?? null;
  }

  /**
   * Makes a key that signs from now on; other instances use it a minute later. Two that are made at once do no harm.
   * @throws Error when the master key is not the one that those before are sealed under
   */
  async rotate(): Promise<SigningKey> {
    await this.#readTogether();
    const { ids, clock, lifeMs } = this.options;
    const key = { kid: ids.next(), key: newSealingKey(), createdAt: clock.now() };
    await this.#query('INSERT INTO session_signing_key (kid, sealed, created_at) VALUES ($1, $2, $3)', [
      key.kid,
      seal(this.#wrapping, key.key, key.kid),
      key.createdAt,
    ]);
    // What was made before another one had been there for a whole life, and some time for instances to hear of it.
    await this.#query(
      `DELETE FROM session_signing_key WHERE created_at < (SELECT max(created_at) FROM session_signing_key WHERE created_at < $1)`,
      [new Date(key.createdAt.getTime() - lifeMs - 2 * FRESH_MS)],
    );
    await this.#readTogether();
    return key;
  }

  #readTogether(): Promise<void> {
    this.#nextRead ??= (async () => {
      await pause(Math.max(0, this.#readAtMs + READ_EVERY_MS - performance.now()));
      this.#nextRead = undefined;
      await this.#read();
    })();
    return this.#nextRead;
  }

  async #read(): Promise<void> {
    this.#readAtMs = performance.now();
    const rows = await this.#query<{ kid: string; sealed: Buffer; created_at: Date }[]>(
      'SELECT kid, sealed, created_at FROM session_signing_key ORDER BY created_at DESC, kid DESC',
    );
    this.#known = rows.map(({ kid, sealed, created_at: createdAt }) => ({
      kid,
      key: unseal(this.#wrapping, sealed, kid),
      createdAt,
    }));
  }

  async #query<Rows>(statement: string, parameters: unknown[] = []): Promise<Rows> {
    try {
      return await this.options.dataSource.query<Rows>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'the signing keys of sessions');
    }
  }
}
