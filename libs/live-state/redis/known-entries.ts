import { subjectName, type SubjectBody, type SubjectRef, type SubjectSnapshot } from '@latchkey/contracts';

/** A parsed entry. `header` names incarnation and version: whoever has seen the header knows the body. */
export interface KnownEntry {
  readonly header: string;
  readonly snapshot: SubjectSnapshot;
}

/** Bodies that this node has parsed, the latest of each subject, the least used forgotten first. Never a basis by itself (rule 2). */
export class KnownEntries {
  readonly #entries = new Map<string, KnownEntry>();

  constructor(private readonly entriesMax: number) {}

  get(subject: SubjectRef): KnownEntry | undefined {
    const name = subjectName(subject);
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  put(entry: KnownEntry): void {
    const name = subjectName(entry.snapshot);
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size <= this.entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
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
