import { OWNERS, SUBJECT_OWNERS, type SubjectRef, type Window } from '@latchkey/contracts';
import type { WindowState } from '../live-access';
import { entryKey, windowKey } from '../shards';
import type { CheckAnswer, DecidedCheck, DecidedSubject, Finding } from './check-batch';

/** From 1, as Lua counts. */
const PLACE_OF_OWNER = new Map(
  Object.entries(SUBJECT_OWNERS).map(([kind, owner]) => [kind, OWNERS.indexOf(owner) + 1]),
);
const placeOfOwner = ({ kind }: SubjectRef): number => PLACE_OF_OWNER.get(kind) ?? 0;

/** What `check.lua` is called with. Checks of one turn have most of their subjects in common, so each is examined once. */
export class CheckCall {
  readonly #entryKeys: string[] = [];
  readonly #windowKeys: string[] = [];
  readonly #subjects: [owner: number, expected: string][] = [];
  readonly #checks: unknown[] = [];
  /** By the key of its entry. */
  readonly #placeOf = new Map<string, number>();

  constructor(private readonly shard: number) {}

  /** @returns places of the check's subjects, from 1 */
  add({ subjects, count }: DecidedCheck): readonly number[] {
    const places = subjects.map((subject) => this.#place(subject));
    if (count === null) {
      this.#checks.push([places]);
      return places;
    }
    const { notAfterMs, cost, windows } = count;
    this.#checks.push([places, notAfterMs === null ? 0 : notAfterMs * 1_000, cost, shapeOf(windows)]);
    if (windows.length > 0) this.#windowKeys.push(windowKey(this.shard, count.windowKey));
    return places;
  }

  keys(): readonly string[] {
    return [...this.#entryKeys, ...this.#windowKeys];
  }

  argument(owners: number): string {
    return JSON.stringify({ owners, subjects: this.#subjects, checks: this.#checks });
  }

  #place({ ref, expected }: DecidedSubject): number {
    const key = entryKey(this.shard, ref);
    const known = this.#placeOf.get(key);
    // Two checks of one turn may have been decided on different versions.
    if (known !== undefined && this.#subjects[known - 1]?.[1] === expected) return known;
    const place = this.#entryKeys.push(key);
    this.#subjects.push([placeOfOwner(ref), expected]);
    this.#placeOf.set(key, place);
    return place;
  }
}

/** As `windows.lua` reads it. Plans are few and each has one list of windows, so it is put together once. */
const shapes = new WeakMap<readonly Window[], string>();
function shapeOf(windows: readonly Window[]): string {
  const known = shapes.get(windows);
  if (known !== undefined) return known;
  const shape = windows.map(({ limit, lengthMs }) => `${limit}/${lengthMs * 1_000},`).join('');
  shapes.set(windows, shape);
  return shape;
}

const [STALE, CURRENT, ENDED, LIMITED] = [0, 1, 2, 3];

type Reply = readonly [
  nowMicros: number,
  incarnations: readonly string[],
  unexpected: readonly (number | string)[],
  answers: string,
];

/** What `check.lua` answered, read in the order of the checks. */
export class CheckReply {
  readonly #nowMicros: number;
  readonly #nowMs: number;
  readonly #incarnations: readonly string[];
  /** By place, of the subjects that are not as expected. */
  readonly #found = new Map<number, number | string>();
  readonly #answers: readonly number[];
  #next = 0;

  constructor(reply: unknown) {
    const [nowMicros, incarnations, unexpected, answers] = reply as Reply;
    this.#nowMicros = nowMicros;
    this.#nowMs = nowMicros / 1_000;
    this.#incarnations = incarnations;
    for (let i = 0; i + 1 < unexpected.length; i += 2) this.#found.set(Number(unexpected[i]), unexpected[i + 1] ?? 0);
    this.#answers = JSON.parse(answers) as readonly number[];
  }

  next({ subjects, count }: DecidedCheck, places: readonly number[]): CheckAnswer {
    const nowMs = this.#nowMs;
    switch (this.#number()) {
      case STALE:
        return { kind: 'stale', findings: subjects.map(({ ref }, index) => this.#finding(ref, places[index] ?? 0)) };
      case CURRENT:
        return { kind: 'current', windows: this.#windows(count?.windows ?? []), nowMs };
      case ENDED:
        return { kind: 'ended', nowMs };
      case LIMITED:
        return { kind: 'limited', retryAfterMs: this.#number(), windows: this.#windows(count?.windows ?? []), nowMs };
      default:
        return { kind: 'failed' };
    }
  }

  #number(): number {
    return this.#answers[this.#next++] ?? Number.NaN;
  }

  #finding(ref: SubjectRef, place: number): Finding {
    const found = this.#found.get(place);
    if (found === undefined) return 'current';
    if (typeof found === 'string') return { entry: found };
    const incarnation = this.#incarnations[placeOfOwner(ref) - 1] ?? '';
    return { miss: { incarnation, atMicros: this.#nowMicros } };
  }

  #windows(windows: readonly Window[]): readonly WindowState[] {
    return windows.map(({ name, limit }) => ({ name, limit, remaining: this.#number(), resetAtMs: this.#number() }));
  }
}
