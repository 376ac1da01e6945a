import { subjectName, type SubjectRef, type SubjectSnapshot } from '@latchkey/contracts';

/** An entry, or a marker: older versions are refused, and it is asked for. */
interface Kept {
  readonly version: number;
  readonly snapshot: SubjectSnapshot | null;
}

/** What this process knows to be true, as it is the only one that changes it. The least used is forgotten first. */
export class MemoryEntries {
  readonly #kept = new Map<string, Kept>();
  #markersForgotten = 0;

  constructor(private readonly entriesMax: number) {}

  get(ref: SubjectRef): SubjectSnapshot | undefined {
    const name = subjectName(ref);
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    this.#put(name, kept);
    return kept.snapshot ?? undefined;
  }

  /** To be taken before the owner is asked, and given to `fill`. */
  beforeAsk(): number {
    return this.#markersForgotten;
  }

  /** @returns false: something newer is known or may have been, or the same is known already */
  fill(snapshot: SubjectSnapshot, beforeAsk: number): boolean {
    const name = subjectName(snapshot);
    const kept = this.#kept.get(name);
    if (beforeAsk !== this.#markersForgotten) return false;
    if (kept !== undefined && (kept.version > snapshot.version || kept.snapshot?.version === snapshot.version))
      return false;
    this.#put(name, { version: snapshot.version, snapshot });
    return true;
  }

  invalidate(ref: SubjectRef, version: number): void {
    const name = subjectName(ref);
    if ((this.#kept.get(name)?.version ?? 0) < version) this.#put(name, { version, snapshot: null });
  }

  /** Whatever was kept or is being asked for may be older than changes that are not heard of here. */
  clear(): void {
    this.#kept.clear();
    this.#markersForgotten++;
  }

  #put(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    if (this.#kept.size <= this.entriesMax) return;
    const oldest = this.#kept.entries().next();
    if (oldest.done) return;
    const [forgotten, { snapshot }] = oldest.value;
    if (snapshot === null) this.#markersForgotten++;
    this.#kept.delete(forgotten);
  }
}
