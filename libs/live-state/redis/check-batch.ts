import { SUBJECT_OWNERS, type SubjectOwner, type SubjectRef, type Window } from '@latchkey/contracts';
import type { WindowState } from '../live-access';
import type { Safeguards } from '../safeguards';
import { entryKey, fenceKey, windowKey } from '../shards';
import { TurnBatch } from '../turn-batch';
import type { RedisClient } from './connect-redis';
import { Script } from './script';

/** At most so many checks hold Redis at a time: about 4 ms of it. */
const CHECKS_PER_CALL_MAX = 256;
const OWNERS = [...new Set(Object.values(SUBJECT_OWNERS))];

/** A check that is decided already, on bodies with these headers. */
export interface DecidedCheck {
  /** `expected`: the entry's header, `<incarnation>:<version>=`; empty: not known. */
  readonly subjects: readonly { readonly ref: SubjectRef; readonly expected: string }[];
  /** Null: nothing is counted, as it is denied or not decided. */
  readonly count: Count | null;
}

export interface Count {
  readonly notAfterMs: number | null;
  readonly windows: readonly Window[];
  readonly windowKey: string;
  readonly cost: number;
}

/** When and under which incarnation Redis did not know; no incarnation: no fence holds, and nothing may be filled. */
export interface Miss {
  readonly incarnation: string;
  readonly atMicros: number;
}

/** `current`: as expected. Else the raw entry that is newer, or a miss. In the order of the check's subjects. */
export type Finding = 'current' | { readonly entry: string } | { readonly miss: Miss };

export type CheckAnswer =
  /** An error of this check alone. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'stale'; readonly findings: readonly Finding[] }
  | { readonly kind: 'current'; readonly windows: readonly WindowState[]; readonly nowMs: number }
  | { readonly kind: 'ended'; readonly nowMs: number }
  | {
      readonly kind: 'limited';
      readonly windows: readonly WindowState[];
      readonly retryAfterMs: number;
      readonly nowMs: number;
    };

interface Waiting {
  readonly check: DecidedCheck;
  readonly resolve: (answer: CheckAnswer) => void;
  readonly reject: (error: unknown) => void;
}

type Reply = readonly [
  now: number,
  incarnations: readonly string[],
  answers: readonly (readonly (number | string)[])[],
];

/** All checks of one shard that arrive in one turn of the event loop go in one script call (rule 10). */
export class CheckBatch {
  readonly #turn = new TurnBatch<Waiting>((waiting) => this.#flush(waiting));
  readonly #script: Script;
  readonly #fences: readonly string[];

  constructor(
    private readonly redis: RedisClient,
    private readonly shard: number,
    safeguards: Safeguards,
  ) {
    this.#script = new Script(['fence.lua', 'windows.lua', 'check.lua'], safeguards);
    this.#fences = OWNERS.map((owner) => fenceKey(shard, safeguards.fencePerOwner ? owner : 'all'));
  }

  /** Rejects when Redis could not be reached in time. */
  run(check: DecidedCheck): Promise<CheckAnswer> {
    return new Promise((resolve, reject) => this.#turn.add({ check, resolve, reject }));
  }

  #flush(waiting: readonly Waiting[]): void {
    for (let i = 0; i < waiting.length; i += CHECKS_PER_CALL_MAX)
      void this.#call(waiting.slice(i, i + CHECKS_PER_CALL_MAX));
  }

  async #call(waiting: readonly Waiting[]): Promise<void> {
    const keys = [...this.#fences];
    const args: (string | number)[] = [OWNERS.length];
    for (const { check } of waiting) this.#encode(check, keys, args);
    try {
      const [now, incarnations, answers] = (await this.#script.run(this.redis, keys, args)) as Reply;
      waiting.forEach(({ check, resolve }, place) =>
        resolve(decode(check, answers[place] ?? [FAILED], now, incarnations)),
      );
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  #encode({ subjects, count }: DecidedCheck, keys: string[], args: (string | number)[]): void {
    args.push(subjects.length);
    for (const { ref, expected } of subjects) {
      keys.push(entryKey(this.shard, ref));
      args.push(placeOf(SUBJECT_OWNERS[ref.kind]) + 1, expected);
    }
    if (count === null) return void args.push('-');
    args.push(count.notAfterMs === null ? '' : count.notAfterMs * 1_000, count.cost, shapeOf(count.windows));
    if (count.windows.length > 0) keys.push(windowKey(this.shard, count.windowKey));
  }
}

/** As `windows.lua` reads it. */
const shapeOf = (windows: readonly Window[]) =>
  windows.map(({ limit, lengthMs }) => `${limit}/${lengthMs * 1_000},`).join('');

const placeOf = (owner: SubjectOwner) => OWNERS.indexOf(owner);

const [STALE, CURRENT, ENDED, LIMITED, FAILED] = [0, 1, 2, 3, 4];

function decode(
  check: DecidedCheck,
  answer: readonly (number | string)[],
  now: number,
  incarnations: readonly string[],
): CheckAnswer {
  const [kind = FAILED, ...rest] = answer;
  const nowMs = now / 1_000;
  switch (kind) {
    case STALE:
      return {
        kind: 'stale',
        findings: check.subjects.map(({ ref }, place) => finding(ref, rest[place], now, incarnations)),
      };
    case CURRENT:
      return { kind: 'current', windows: windowStates(check, rest), nowMs };
    case ENDED:
      return { kind: 'ended', nowMs };
    case LIMITED:
      return { kind: 'limited', retryAfterMs: Number(rest[0]), windows: windowStates(check, rest.slice(1)), nowMs };
    default:
      return { kind: 'failed' };
  }
}

function finding(
  ref: SubjectRef,
  found: number | string | undefined,
  now: number,
  incarnations: readonly string[],
): Finding {
  if (found === 1) return 'current';
  if (typeof found === 'string') return { entry: found };
  return { miss: { incarnation: incarnations[placeOf(SUBJECT_OWNERS[ref.kind])] ?? '', atMicros: now } };
}

const windowStates = ({ count }: DecidedCheck, numbers: readonly (number | string)[]): readonly WindowState[] =>
  (count?.windows ?? []).map(({ name, limit }, place) => ({
    name,
    limit,
    remaining: Number(numbers[2 * place]),
    resetAtMs: Number(numbers[2 * place + 1]),
  }));
