import { subjectName, type SubjectBody, type SubjectRef, type SubjectSnapshot } from '@latchkey/contracts';

/** A parsed entry. `header` names incarnation and version: whoever has seen the header knows the body. */
export interface KnownEntry {
  readonly header: string;
  readonly snapshot: SubjectSnapshot;
}

/**
 * Bodies that this node has parsed, the latest of each subject. Never a basis by itself (rule 2).
 *
 * Two generations, as an exact order of use would have to be written down on every check: when the younger one is full it becomes the
 * older one, and what nobody has used since then is forgotten with the next.
 */
export class KnownEntries {
  #younger = new Map<string, KnownEntry>();
  #older = new Map<string, KnownEntry>();

  constructor(private readonly entriesMax: number) {}

  get(subject: SubjectRef): KnownEntry | undefined {
    const name = subjectName(subject);
    const entry = this.#younger.get(name);
    if (entry !== undefined) return entry;
    const older = this.#older.get(name);
    if (older !== undefined) this.#keep(name, older);
    return older;
  }

  put(entry: KnownEntry): void {
    this.#keep(subjectName(entry.snapshot), entry);
  }

  #keep(name: string, entry: KnownEntry): void {
    this.#older.delete(name);
    this.#younger.set(name, entry);
    if (this.#younger.size * 2 < this.entriesMax) return;
    this.#older = this.#younger;
    this.#younger = new Map();
  }
}

/** @param raw `<incarnation>:<version>=<body>` */
export function parseEntry({ kind, id }: SubjectRef, raw: string): KnownEntry {
  const end = raw.indexOf('=') + 1;
  const version = Number(raw.slice(raw.indexOf(':') + 1, end - 1));
  return {
    header: raw.slice(0, end),
    snapshot: { kind, id, version, body: JSON.parse(raw.slice(end)) as SubjectBody },
  };
}
