import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { formsOf, type Form, type MarkedSecret } from './forms';

/** A piece of a secret where none should be. */
export interface Finding {
  readonly secret: string;
  readonly form: string;
  /** What it was found in. */
  readonly place: string;
  /** What stands around it, with the find itself left out. */
  readonly context: string;
}

interface Spot {
  readonly secret: MarkedSecret;
  readonly form: Form;
  /** Place in the form of the four bytes that led here. */
  readonly offset: number;
}

const GRAM = 4;
const SIEVE_BITS = 22;
const CHUNK_BYTES = 8 * 1_024 * 1_024;
const CONTEXT_BYTES = 60;

// Nearly all of the time is spent in these: no call of a method, and no global, which Jest makes slow.
const { imul } = Math;
const byteAt = (bytes: Buffer, at: number) => bytes[at] ?? 0;
/** Four bytes as a number, and a place in the sieve for it. */
const gramAt = (bytes: Buffer, at: number) =>
  byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
const sieveIndex = (gram: number) => imul(gram, 0x9e3779b1) >>> (32 - SIEVE_BITS);

/**
 * Looks for pieces of many secrets, in many forms, through much data. Every piece that is long enough covers four bytes that begin at a
 * multiple of `#stride`: only those are looked up, and what is known there is compared to both sides.
 */
export class SecretSearch {
  readonly #spots = new Map<number, Spot[]>();
  readonly #sieve = new Uint8Array(2 ** SIEVE_BITS);
  readonly #stride: number;
  readonly #longest: number;
  readonly #findings = new Map<string, Finding>();

  /** @param chunkBytes how much of a file is read at a time */
  constructor(
    secrets: readonly MarkedSecret[],
    private readonly chunkBytes = CHUNK_BYTES,
  ) {
    const forms = secrets.flatMap((secret) => formsOf(secret).map((form) => ({ secret, form })));
    for (const { secret, form } of forms) {
      if (form.bytes.length < form.piece) throw new Error(`${secret.name} is too short to be looked for`);
      for (let offset = 0; offset + GRAM <= form.bytes.length; offset += 1) this.#add({ secret, form, offset });
    }
    this.#stride = Math.min(...forms.map(({ form }) => form.piece)) - GRAM + 1;
    this.#longest = Math.max(...forms.map(({ form }) => form.bytes.length));
  }

  /** One for each secret, form and place. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** The names of the secrets that were found in places whose name begins so. */
  foundIn(place: string): readonly string[] {
    const found = this.findings.filter((finding) => finding.place.startsWith(place));
    return [...new Set(found.map(({ secret }) => secret))].sort();
  }

  look(place: string, data: Buffer | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const [sieve, stride, end] = [this.#sieve, this.#stride, bytes.length - GRAM];
    for (let at = 0; at <= end; at += stride) {
      const gram = gramAt(bytes, at);
      if (sieve[sieveIndex(gram)] === 0) continue;
      for (const spot of this.#spots.get(gram) ?? []) this.#compare(place, bytes, at, spot);
    }
  }

  async lookInFile(place: string, file: string): Promise<void> {
    const handle = await open(file, 'r');
    try {
      const buffer = Buffer.alloc(this.#longest + this.chunkBytes);
      let kept = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, kept, this.chunkBytes);
        if (bytesRead === 0) return;
        this.look(place, buffer.subarray(0, kept + bytesRead));
        // What is cut by the end of the chunk is whole in the next one.
        const end = kept + bytesRead;
        kept = Math.min(this.#longest, end);
        buffer.copyWithin(0, end - kept, end);
      }
    } finally {
      await handle.close();
    }
  }

  /** Every file below, except those. Answers how many there were. */
  async lookInFolder(place: string, folder: string, except: readonly string[] = []): Promise<number> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    const wanted = files.filter((file) => !except.includes(file));
    for (const file of wanted) {
      const name = `${place}: ${path.relative(folder, file)}`;
      // The name of a file is written down too.
      this.look(name, file);
      await this.lookInFile(name, file).catch(unlessGone);
    }
    return wanted.length;
  }

  #add(spot: Spot): void {
    const gram = gramAt(spot.form.bytes, spot.offset);
    this.#sieve[sieveIndex(gram)] = 1;
    const spots = this.#spots.get(gram);
    if (spots) spots.push(spot);
    else this.#spots.set(gram, [spot]);
  }

  #compare(place: string, bytes: Buffer, at: number, { secret, form, offset }: Spot): void {
    let from = 0;
    while (from < offset && bytes[at - from - 1] === form.bytes[offset - from - 1]) from += 1;
    let to = GRAM;
    while (offset + to < form.bytes.length && bytes[at + to] === form.bytes[offset + to]) to += 1;
    if (from + to < form.piece) return;
    const around = (start: number, end: number) => bytes.toString('latin1', Math.max(0, start), end);
    const before = around(at - from - CONTEXT_BYTES, at - from);
    const context = `${before}[${form.name}]${around(at + to, at + to + CONTEXT_BYTES)}`;
    const finding = { secret: secret.name, form: form.name, place, context };
    const key = [finding.secret, finding.form, place].join('\n');
    if (!this.#findings.has(key)) this.#findings.set(key, finding);
  }
}

/** A server removes files of its own while it runs. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
