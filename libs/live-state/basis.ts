import { subjectName, type SubjectRef, type SubjectSnapshot, type Verdict } from '@latchkey/contracts';
import type { LiveQuery } from './live-access';

/** Where a body may be known from that was true once. */
export type Recollection = (ref: SubjectRef) => SubjectSnapshot | undefined;

/**
 * What one check is decided on. *Proven*: true at some moment since the check arrived, as live state or the owner has said since.
 * *Recalled*: true once; a verdict on it counts only after live state has confirmed it.
 */
export class Basis<Denial> {
  readonly #proven = new Map<string, SubjectSnapshot>();
  readonly #recalled = new Map<string, SubjectSnapshot>();
  #wanted: readonly SubjectRef[];

  constructor(private readonly query: LiveQuery<Denial>) {
    this.#wanted = query.subjects;
  }

  /** What the rules say on all that is wanted, proven or recalled. `needs` remains when a wanted subject is neither. */
  verdict(recall: Recollection): Verdict<Denial> {
    this.#wanted = this.query.subjects;
    this.#recalled.clear();
    for (;;) {
      const missing = this.#unknown(recall);
      if (missing.length > 0) return { kind: 'needs', subjects: missing };
      const verdict = this.query.decide(this.#known());
      if (verdict.kind !== 'needs') return verdict;
      this.#wanted = [...this.#wanted, ...verdict.subjects.filter((ref) => !this.#wants(ref))];
    }
  }

  /** What the last verdict needs and nobody has proven since this check arrived. */
  unproven(): readonly SubjectRef[] {
    return this.#wanted.filter((ref) => !this.#proven.has(subjectName(ref)));
  }

  prove(snapshot: SubjectSnapshot): void {
    this.#proven.set(subjectName(snapshot), snapshot);
  }

  /** What the last verdict recalled of it has been confirmed since. */
  confirm(ref: SubjectRef): void {
    const recalled = this.#recalled.get(subjectName(ref));
    if (recalled !== undefined) this.prove(recalled);
  }

  /** The subjects of the last verdict. */
  subjects(): readonly SubjectSnapshot[] {
    return [...this.#known().values()];
  }

  #known(): ReadonlyMap<string, SubjectSnapshot> {
    const known = new Map<string, SubjectSnapshot>();
    for (const ref of this.#wanted) {
      const name = subjectName(ref);
      const snapshot = this.#proven.get(name) ?? this.#recalled.get(name);
      if (snapshot !== undefined) known.set(name, snapshot);
    }
    return known;
  }

  #unknown(recall: Recollection): readonly SubjectRef[] {
    return this.#wanted.filter((ref) => {
      const name = subjectName(ref);
      if (this.#proven.has(name) || this.#recalled.has(name)) return false;
      const snapshot = recall(ref);
      if (snapshot !== undefined) this.#recalled.set(name, snapshot);
      return snapshot === undefined;
    });
  }

  #wants(ref: SubjectRef): boolean {
    return this.#wanted.some(({ kind, id }) => kind === ref.kind && id === ref.id);
  }
}
