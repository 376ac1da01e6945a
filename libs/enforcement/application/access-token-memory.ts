import type { AccessTokenRef } from '@latchkey/contracts';

const nameOf = (sha256: Uint8Array): string => String.fromCharCode(...sha256);

/**
 * Remembers some tokens by digest. In two generations, as an exact order of use would have to be written down on every check: when the younger
 * one is full it becomes the older one, and what nobody has used since then is forgotten with the next. A token that has expired is used by
 * nobody for long.
 */
export class AccessTokenMemory {
  #younger = new Map<string, AccessTokenRef>();
  #older = new Map<string, AccessTokenRef>();

  /** @param tokensMax of about 1 KB each */
  constructor(private readonly tokensMax: number) {}

  get(sha256: Uint8Array): AccessTokenRef | undefined {
    const name = nameOf(sha256);
    const token = this.#younger.get(name);
    if (token !== undefined) return token;
    const older = this.#older.get(name);
    if (older !== undefined) this.#keep(name, older);
    return older;
  }

  put(sha256: Uint8Array, token: AccessTokenRef): void {
    this.#keep(nameOf(sha256), token);
  }

  #keep(name: string, token: AccessTokenRef): void {
    this.#older.delete(name);
    this.#younger.set(name, token);
    if (this.#younger.size * 2 < this.tokensMax) return;
    this.#older = this.#younger;
    this.#younger = new Map();
  }
}
