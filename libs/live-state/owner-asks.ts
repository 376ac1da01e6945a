import {
  SUBJECT_OWNERS,
  subjectName,
  type SubjectOwner,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
} from '@latchkey/contracts';
import { AppError, reach } from '@latchkey/kernel';
import { AskQueue, DEFAULT_ASK_LIMITS, withinMs, type AskLimits } from './ask-queue';
import type { LiveStateCounters } from './counters';
import type { Safeguards } from './safeguards';

/** Anybody can make up sessions: what is asked about them must not take the place of what is asked about users and workspaces. */
const SESSION_ASKS: AskLimits = { callsMax: 2, itemsPerCallMax: 500, waitingMax: 2_000 };

/** Asks owners for subjects, within `limits` for each owner, and within limits of their own for sessions. */
export class OwnerAsks {
  readonly #queues = new Map<string, AskQueue<SubjectRef, SubjectSnapshot>>();

  constructor(
    private readonly reader: SubjectReader,
    private readonly timeoutMs: number,
    private readonly counters: LiveStateCounters,
    private readonly safeguards: Safeguards,
    private readonly limits: AskLimits = DEFAULT_ASK_LIMITS,
  ) {}

  /** @throws AppError `service.unavailable`: the owner cannot be reached in time, or too many wait for it */
  ask(ref: SubjectRef): Promise<SubjectSnapshot> {
    const owner = SUBJECT_OWNERS[ref.kind];
    return ref.kind === 'session'
      ? this.#queue('session', owner, SESSION_ASKS).ask(ref)
      : this.#queue(owner, owner, this.limits).ask(ref);
  }

  #queue(name: string, owner: SubjectOwner, limits: AskLimits): AskQueue<SubjectRef, SubjectSnapshot> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new AskQueue({
        ask: (refs) => this.#read(owner, refs),
        nameOf: subjectName,
        limits,
        onlyUnsentIsShared: this.safeguards.askSharing,
      });
      this.#queues.set(name, queue);
    }
    return queue;
  }

  async #read(owner: SubjectOwner, refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    this.counters.asks++;
    this.counters.subjectsAsked += refs.length;
    try {
      await reach('ask.before');
      const answer = await withinMs(this.reader.read(owner, refs), this.timeoutMs);
      await reach('ask.answered');
      return answer;
    } catch (cause) {
      this.counters.asksFailed++;
      throw new AppError('service.unavailable', { internal: `${owner} did not answer for its subjects`, cause });
    }
  }
}
