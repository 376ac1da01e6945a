import type { Secret } from '@latchkey/kernel';
import { createHmac } from 'node:crypto';

export interface Pepper {
  /** Counts up, from 1. */
  readonly version: number;
  readonly value: Secret;
}

/** Two while one follows the other: secrets made under the older one must still be found. */
const PEPPERS_MAX = 2;
/** 256 bits as hexadecimal digits; a shorter value is refused. */
const LENGTH_MIN = 32;
const VERSIONED = /^([1-9][0-9]{0,5}):(.+)$/s;

/**
 * Keys of the digests, kept outside Postgres: who has a copy of the database alone can neither test a guess nor plant a secret of
 * their own.
 */
export class Peppers {
  readonly #newestFirst: readonly Pepper[];

  /** @throws Error for none, more than two, two of one version, or one that is too short */
  constructor(peppers: readonly Pepper[]) {
    const versions = new Set(peppers.map(({ version }) => version));
    if (peppers.length === 0) throw new Error('LATCHKEY_PEPPER is missing');
    if (peppers.length > PEPPERS_MAX) throw new Error(`LATCHKEY_PEPPER: at most ${PEPPERS_MAX} may be live`);
    if (versions.size < peppers.length) throw new Error('LATCHKEY_PEPPER: two of one version');
    if (peppers.some(({ value }) => value.reveal().length < LENGTH_MIN)) {
      throw new Error(`LATCHKEY_PEPPER: a value has at least ${LENGTH_MIN} characters`);
    }
    this.#newestFirst = [...peppers].sort((a, b) => b.version - a.version);
  }

  /** `<value>` alone, which is version 1, or `<version>:<value>`, separated by commas. */
  static parse(setting: string, secret: (value: string) => Secret): Peppers {
    const peppers = setting.split(',').map((entry) => {
      const [, version = '1', value = entry] = VERSIONED.exec(entry.trim()) ?? [];
      return { version: Number(version), value: secret(value) };
    });
    return new Peppers(peppers);
  }

  /** The digest under which a new secret is kept. */
  current(sha256: Uint8Array): { readonly version: number; readonly digest: Buffer } {
    const [newest] = this.#newestFirst;
    if (!newest) throw new Error('there is no pepper');
    return { version: newest.version, digest: keyed(newest, sha256) };
  }

  /** Every digest under which a secret may be kept. */
  all(sha256: Uint8Array): readonly Buffer[] {
    return this.#newestFirst.map((pepper) => keyed(pepper, sha256));
  }
}

const keyed = ({ value }: Pepper, sha256: Uint8Array): Buffer =>
  createHmac('sha256', value.reveal()).update(sha256).digest();
