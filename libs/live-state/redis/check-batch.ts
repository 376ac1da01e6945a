import { OWNERS, type SubjectRef, type Window } from '@latchkey/contracts';
import type { WindowState } from '../live-access';
import type { Safeguards } from '../safeguards';
import { fenceKey } from '../shards';
import { TurnBatch } from '../turn-batch';
import { CheckCall, CheckReply } from './check-protocol';
import type { RedisClient } from './connect-redis';
import { Script } from './script';

/** At most so many checks go in one call: what a call costs by itself is spread well by then, and Redis works while this node reads on. */
const CHECKS_PER_CALL_MAX = 16;

/** A body that a check was decided on. */
export interface DecidedSubject {
  readonly ref: SubjectRef;
  /** The entry's header, `<incarnation>:<version>=`; empty: not known. */
  readonly expected: string;
}

/** A check that is decided already. */
export interface DecidedCheck {
  readonly subjects: readonly DecidedSubject[];
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

/** Checks of one shard that arrive in one turn of the event loop share script calls (rule 10). */
export class CheckBatch {
  readonly #turn = new TurnBatch<Waiting>((waiting) => void this.#call(waiting), CHECKS_PER_CALL_MAX);
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

  async #call(waiting: readonly Waiting[]): Promise<void> {
    const call = new CheckCall(this.shard);
    const places = waiting.map(({ check }) => call.add(check));
    try {
      const keys = [...this.#fences, ...call.keys()];
      const reply = new CheckReply(await this.#script.run(this.redis, keys, [call.argument(OWNERS.length)]));
      waiting.forEach(({ check, resolve }, index) => resolve(reply.next(check, places[index] ?? [])));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
