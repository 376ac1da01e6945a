import {
  subjectName,
  type SubjectBody,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
  type Window,
} from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { LiveAccess, LiveQuery, Outcome, WindowState } from '@latchkey/live-state';

/** Live state for tests of the check alone: subjects as they were put, one clock, and windows that count calls. */
export class ScriptedLiveAccess implements LiveAccess, SubjectReader {
  nowMs = Date.UTC(2026, 3, 28, 12);
  available = true;
  /** Ids that owners were asked for. */
  readonly asked: string[] = [];
  readonly counted = new Map<string, number>();
  private readonly subjects = new Map<string, SubjectSnapshot>();

  put(id: string, body: SubjectBody): void {
    const ref: SubjectRef = { kind: body.kind, id };
    this.subjects.set(subjectName(ref), { ...ref, version: 1, body });
  }

  /** As owners answer. */
  async read(_owner: string, refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    this.asked.push(...refs.map(({ id }) => id));
    if (!this.available) throw new AppError('service.unavailable');
    return this.snapshots(refs);
  }

  async decide<Denial>(query: LiveQuery<Denial>): Promise<Outcome<Denial>> {
    if (!this.available) return { kind: 'unavailable' };
    const known = this.snapshots(query.subjects);
    for (;;) {
      const verdict = query.decide(known);
      const answer = { nowMs: this.nowMs, via: 'cache', subjects: known } as const;
      if (verdict.kind === 'needs') {
        known.push(...this.snapshots(verdict.subjects));
        continue;
      }
      if (verdict.kind === 'deny') return { kind: 'denied', denial: verdict.denial, ...answer };
      if (verdict.notAfterMs !== null && verdict.notAfterMs <= this.nowMs)
        return { kind: 'denied', denial: verdict.ended, ...answer };
      const used = (this.counted.get(verdict.windowKey) ?? 0) + verdict.cost;
      if (verdict.cost > 0 && verdict.windows.some(({ limit }) => used > limit)) {
        return {
          kind: 'limited',
          windows: verdict.windows.map((window) => this.state(window, used - verdict.cost)),
          retryAfterMs: 1_500,
          ...answer,
        };
      }
      if (verdict.windows.length > 0) this.counted.set(verdict.windowKey, used);
      return { kind: 'allowed', windows: verdict.windows.map((window) => this.state(window, used)), ...answer };
    }
  }

  private snapshots(refs: readonly SubjectRef[]): SubjectSnapshot[] {
    return refs.map((ref) => this.subjects.get(subjectName(ref)) ?? { ...ref, version: 0, body: null });
  }

  private state({ name, limit, lengthMs }: Window, used: number): WindowState {
    return { name, limit, remaining: limit - used, resetAtMs: this.nowMs + lengthMs };
  }
}
