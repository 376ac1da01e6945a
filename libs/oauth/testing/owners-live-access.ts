import { SUBJECT_OWNERS, type SubjectReader, type SubjectRef, type SubjectSnapshot } from '@latchkey/contracts';
import type { Clock } from '@latchkey/kernel';
import { SlidingWindows, type LiveAccess, type LiveQuery, type Outcome } from '@latchkey/live-state';

/** Live state that knows nothing by itself: each decision asks the owners. */
export class OwnersLiveAccess implements LiveAccess {
  available = true;
  readonly #windows = new SlidingWindows();

  constructor(
    private readonly reader: SubjectReader,
    private readonly clock: Clock,
  ) {}

  async decide<Denial>(query: LiveQuery<Denial>): Promise<Outcome<Denial>> {
    if (!this.available) return { kind: 'unavailable' };
    const known = await this.#read(query.subjects);
    for (;;) {
      const verdict = query.decide(known);
      const nowMs = this.clock.now().getTime();
      const answer = { nowMs, via: 'owner', subjects: known } as const;
      if (verdict.kind === 'needs') {
        known.push(...(await this.#read(verdict.subjects)));
        continue;
      }
      if (verdict.kind === 'deny') return { kind: 'denied', denial: verdict.denial, ...answer };
      if (verdict.notAfterMs !== null && verdict.notAfterMs <= nowMs)
        return { kind: 'denied', denial: verdict.ended, ...answer };
      const consumed = this.#windows.consume(verdict.windowKey, verdict.windows, verdict.cost, nowMs);
      return consumed.allowed
        ? { kind: 'allowed', ...consumed, ...answer }
        : { kind: 'limited', ...consumed, ...answer };
    }
  }

  async #read(refs: readonly SubjectRef[]): Promise<SubjectSnapshot[]> {
    const read = await Promise.all(refs.map((ref) => this.reader.read(SUBJECT_OWNERS[ref.kind], [ref])));
    return read.flat();
  }
}
