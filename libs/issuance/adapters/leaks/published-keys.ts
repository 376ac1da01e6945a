import { AppError, type Clock } from '@latchkey/kernel';
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ReporterSignatures } from '../../application/leaks/ports';
import { readText } from '../read-text';

export interface PublishedKeysOptions {
  /** `https:`, `http:` or `file:`: a JSON document as of `GET https://api.github.com/meta/public_keys/secret_scanning`. */
  readonly url: string;
  readonly clock: Clock;
  /** 5,000 ms when absent. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** A key that is withdrawn is believed for so long. */
const FRESH_MS = 3_600_000;
/** So long the keys that are known are believed while they cannot be read again. */
const STALE_MS = 24 * 3_600_000;
/** Who makes up names of keys does not have them read all the time: whose keys they are counts its readers. */
const REREAD_LEAST_MS = 120_000;
/** While none are known. */
const RETRY_MS = 5_000;
const KEYS_MAX = 100;
const SIGNATURE = /^[A-Za-z0-9+/]{20,200}={0,2}$/;
const CURVE = 'prime256v1';

const published = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).max(KEYS_MAX),
});

interface KnownKeys {
  readonly byId: ReadonlyMap<string, KeyObject>;
  readonly readAtMs: number;
}

/** Keys that a reporter publishes, and signatures by them: ECDSA on P-256 over SHA-256, in DER and base64. */
export class PublishedKeys implements ReporterSignatures {
  #known: KnownKeys | null = null;
  #triedAtMs = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(private readonly options: PublishedKeysOptions) {}

  async verify(keyId: string, signature: string, body: Uint8Array): Promise<boolean> {
    if (!SIGNATURE.test(signature)) return false;
    const key = await this.#key(keyId);
    return key !== undefined && verify('sha256', body, { key, dsaEncoding: 'der' }, Buffer.from(signature, 'base64'));
  }

  async #key(id: string): Promise<KeyObject | undefined> {
    const isFresh = this.#ageMs() < FRESH_MS;
    if (!isFresh || !this.#known?.byId.has(id)) await this.#readAgain();
    if (this.#known === null || this.#ageMs() >= STALE_MS)
      throw new AppError('service.unavailable', {
        internal: 'no keys of the reporter are known',
        retryAfterSeconds: 60,
      });
    return this.#known.byId.get(id);
  }

  #ageMs(): number {
    return this.#nowMs() - (this.#known?.readAtMs ?? -Infinity);
  }

  /** One at a time, and not soon after the last try: until then what is known counts. */
  async #readAgain(): Promise<void> {
    const pauseMs = this.#known === null ? RETRY_MS : REREAD_LEAST_MS;
    if (this.#reading === null && this.#nowMs() - this.#triedAtMs < pauseMs) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#triedAtMs = this.#nowMs();
    const { url, timeoutMs = TIMEOUT_MS } = this.options;
    try {
      const { public_keys: keys } = published.parse(JSON.parse(await readText(url, timeoutMs)));
      const byId = new Map(keys.flatMap(({ key_identifier: id, key }) => entryOf(id, key)));
      this.#known = { byId, readAtMs: this.#nowMs() };
    } catch (cause) {
      if (this.#known !== null && this.#ageMs() < STALE_MS) return;
      throw new AppError('service.unavailable', {
        internal: 'the keys of the reporter of leaks cannot be read',
        retryAfterSeconds: 60,
        cause,
      });
    }
  }

  #nowMs(): number {
    return this.options.clock.now().getTime();
  }
}

/** None for a key of another kind than the signatures have. */
function entryOf(id: string, pem: string): readonly (readonly [string, KeyObject])[] {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === CURVE ? [[id, key]] : [];
  } catch {
    return [];
  }
}
