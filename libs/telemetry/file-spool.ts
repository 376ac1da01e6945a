import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Spool, SpooledEvent } from './ports';
import { lockFile, type LockedFile } from './locked-file';

export interface FileSpoolOptions {
  /** Its own folder; it is made when it is not there. */
  readonly folder: string;
  /** UUIDv7. */
  readonly boot: string;
  /** Of everything that waits, in bytes. */
  readonly bytesMax: number;
}

interface Entry {
  readonly boot: string;
  readonly number: number;
  readonly bytes: number;
}

const BOOT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUMBER = /^\d{12}$/;
const fileOf = (number: number) => String(number).padStart(12, '0');

/**
 * Events as files, `<folder>/<boot>/<number>`, in a folder that one process has (`<folder>/lock`). A file is written and synced under another name first, so one that has its name is whole.
 */
export class FileSpool implements Spool {
  /** In the order in which they are to be published. */
  readonly #entries: Entry[];
  #bytes: number;

  private constructor(
    readonly node: string,
    private readonly options: FileSpoolOptions,
    private readonly lock: LockedFile,
    entries: readonly Entry[],
  ) {
    this.#entries = [...entries];
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Finds what former boots have left. @throws Error when the folder cannot be used, or another process has it */
  static async open(options: FileSpoolOptions): Promise<FileSpool> {
    await mkdir(path.join(options.folder, options.boot), { recursive: true, mode: 0o700 });
    const lock = await lockFile(path.join(options.folder, 'lock'));
    if (lock === null) throw new Error(`${options.folder} is in use by another process`);
    try {
      return new FileSpool(await nodeIn(options.folder), options, lock, await entriesIn(options.folder, options.boot));
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get boot(): string {
    return this.options.boot;
  }

  get waiting() {
    return { events: this.#entries.length, bytes: this.#bytes };
  }

  async write(number: number, bytes: Buffer): Promise<void> {
    const { folder, boot, bytesMax } = this.options;
    if (this.#bytes + bytes.length > bytesMax) throw new Error('the spool is full');
    const file = path.join(folder, boot, fileOf(number));
    const draft = `${file}.new`;
    // Somebody may have taken the folder away: what comes from now on is kept all the same.
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    this.#entries.push({ boot, number, bytes: bytes.length });
    this.#bytes += bytes.length;
  }

  async oldest(bytesMax: number): Promise<readonly SpooledEvent[]> {
    const events: SpooledEvent[] = [];
    let sum = 0;
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[events.length]) {
      if (events.length > 0 && sum + entry.bytes > bytesMax) break;
      const bytes = await this.#read(entry);
      if (bytes === null) {
        // Somebody has taken the file away: its number stays a gap, and the others go on.
        this.#entries.splice(events.length, 1);
        this.#bytes -= entry.bytes;
      } else {
        events.push({ ...entry, bytes });
        sum += entry.bytes;
      }
    }
    return events;
  }

  async remove(events: readonly SpooledEvent[]): Promise<void> {
    for (const { boot, number, bytes } of events) {
      await rm(this.#fileOf({ boot, number }), { force: true });
      this.#entries.shift();
      this.#bytes -= bytes.length;
      const isLastOfBoot = this.#entries[0]?.boot !== boot;
      if (isLastOfBoot && boot !== this.boot)
        await rm(path.join(this.options.folder, boot), { recursive: true, force: true });
    }
  }

  /** Another process may have the folder from now on. */
  async close(): Promise<void> {
    await this.lock.release();
  }

  async #read(entry: Entry): Promise<Buffer | null> {
    try {
      return await readFile(this.#fileOf(entry));
    } catch (error) {
      if (Reflect.get(Object(error), 'code') === 'ENOENT') return null;
      throw error;
    }
  }

  #fileOf({ boot, number }: Pick<Entry, 'boot' | 'number'>): string {
    return path.join(this.options.folder, boot, fileOf(number));
  }
}

/** The node's name: made at its first start. */
async function nodeIn(folder: string): Promise<string> {
  const file = path.join(folder, 'node');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{8}$/.test(kept)) return kept;
  const made = randomBytes(4).toString('hex');
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

/** What former boots have left. */
async function entriesIn(folder: string, current: string): Promise<Entry[]> {
  const boots = (await readdir(folder)).filter((name) => BOOT.test(name)).sort();
  const entries: Entry[] = [];
  for (const boot of boots) {
    const found = await entriesOf(folder, boot);
    entries.push(...found);
    if (found.length === 0 && boot !== current) await rmdir(path.join(folder, boot));
  }
  return entries;
}

/** A file without its name was cut off while it was written: nobody has been told that it is kept. */
async function entriesOf(folder: string, boot: string): Promise<Entry[]> {
  const inBoot = path.join(folder, boot);
  const names = (await readdir(inBoot)).sort();
  for (const name of names) if (!NUMBER.test(name)) await rm(path.join(inBoot, name), { force: true });
  return Promise.all(
    names
      .filter((name) => NUMBER.test(name))
      .map(async (name) => ({ boot, number: Number(name), bytes: (await stat(path.join(inBoot, name))).size })),
  );
}
