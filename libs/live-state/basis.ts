import {
  sameSubject,
  type KnownSubjects,
  type SubjectRef,
  type SubjectSnapshot,
  type Verdict,
} from '@latchkey/contracts';
import type { LiveQuery } from './live-access';

/** Where a body may be known from that was true once. */
export type Recollection = (ref: SubjectRef) => SubjectSnapshot | undefined;

/**
 * What one check is decided on. *Proven*: true at some moment since the check arrived, as live state or the owner has said since.
 * *Recalled*: true once; a verdict on it counts only after live state has confirmed it.
 */
export class Basis<Denial> {
  #proven: SubjectSnapshot[] = [];
  /** What the last verdict was decided on. */
  #known: SubjectSnapshot[] = [];
  #wanted: readonly SubjectRef[];

  constructor(private readonly query: LiveQuery<Denial>) {
    this.#wanted = query.subjects;
  }

  /** What the rules say on all that is wanted, proven or recalled. `needs` remains when a wanted subject is neither. */
  verdict(recall: Recollection): Verdict<Denial> {
    this.#known = [];
    this.#wanted = [];
    let wanted = this.query.subjects;
    for (;;) {
      const missing = this.#want(wanted, recall);
      if (missing.length > 0) return { kind: 'needs', subjects: missing };
      const verdict = this.query.decide(this.#known);
      if (verdict.kind !== 'needs') return verdict;
      wanted = verdict.subjects;
    }
  }

  /** What the last verdict needs and nobody has proven since this check arrived. */
  unproven(): readonly SubjectRef[] {
    return this.#proven.length === 0 ? this.#wanted : this.#wanted.filter((ref) => !among(this.#proven, ref));
  }

  prove(snapshot: SubjectSnapshot): void {
    this.#proven = [...this.#proven.filter((known) => !sameSubject(known, snapshot)), snapshot];
  }

  /** What the last verdict recalled of it has been confirmed since. */
  confirm(ref: SubjectRef): void {
    const recalled = among(this.#known, ref);
    if (recalled !== undefined) this.prove(recalled);
  }

  /** The subjects of the last verdict. */
  subjects(): KnownSubjects {
    return this.#known;
  }

  /** @returns those of the subjects that are neither proven nor recalled */
  #want(subjects: readonly SubjectRef[], recall: Recollection): readonly SubjectRef[] {
    const fresh = subjects.filter((ref) => !among(this.#wanted, ref));
    this.#wanted = this.#wanted.length === 0 ? fresh : [...this.#wanted, ...fresh];
    return fresh.filter((ref) => {
      const snapshot = among(this.#proven, ref) ?? recall(ref);
      if (snapshot !== undefined) this.#known.push(snapshot);
      return snapshot === undefined;
    });
  }
}

const among = <Ref extends SubjectRef>(subjects: readonly Ref[], ref: SubjectRef): Ref | undefined =>
  subjects.find((subject) => sameSubject(subject, ref));
