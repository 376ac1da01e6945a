import {
  SUBJECT_OWNERS,
  subjectName,
  type SubjectOwner,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
} from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { LiveStateCounters } from './counters';
import type { Safeguards } from './safeguards';

/** Per owner: calls under way at once, subjects per call, subjects that wait. What comes on top is refused at once. */
export interface AskLimits {
  readonly callsMax: number;
  readonly subjectsPerCallMax: number;
  readonly waitingMax: number;
}

export const DEFAULT_ASK_LIMITS: AskLimits = { callsMax: 8, subjectsPerCallMax: 500, waitingMax: 10_000 };

interface Ask {
  readonly ref: SubjectRef;
  readonly answer: Promise<SubjectSnapshot>;
  readonly resolve: (snapshot: SubjectSnapshot) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks owners for subjects. What is asked in one turn of the event loop goes in one call per owner. An ask is only shared with those
 * that come before it is sent (rule 7): its answer may be older than whatever comes later.
 */
export class OwnerAsks {
  readonly #queues = new Map<SubjectOwner, OwnerQueue>();

  constructor(
    private readonly reader: SubjectReader,
    private readonly timeoutMs: number,
    private readonly counters: LiveStateCounters,
    private readonly safeguards: Safeguards,
    private readonly limits: AskLimits = DEFAULT_ASK_LIMITS,
  ) {}

  /** @throws AppError `auth.unavailable`: the owner cannot be reached in time, or too many wait for it */
  ask(ref: SubjectRef): Promise<SubjectSnapshot> {
    const owner = SUBJECT_OWNERS[ref.kind];
    let queue = this.#queues.get(owner);
    if (queue === undefined) {
      const read = (refs: readonly SubjectRef[]) => this.#read(owner, refs);
      this.#queues.set(owner, (queue = new OwnerQueue(read, this.safeguards.askSharing, this.limits)));
    }
    return queue.ask(ref);
  }

  async #read(owner: SubjectOwner, refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    this.counters.asks++;
    this.counters.subjectsAsked += refs.length;
    try {
      return await withinMs(this.reader.read(owner, refs), this.timeoutMs);
    } catch (cause) {
      this.counters.asksFailed++;
      throw new AppError('auth.unavailable', { internal: `${owner} did not answer for its subjects`, cause });
    }
  }
}

class OwnerQueue {
  readonly #unsent = new Map<string, Ask>();
  readonly #sent = new Map<string, Ask>();
  #calls = 0;
  #scheduled = false;

  constructor(
    private readonly read: (refs: readonly SubjectRef[]) => Promise<readonly SubjectSnapshot[]>,
    private readonly onlyUnsentIsShared: boolean,
    private readonly limits: AskLimits,
  ) {}

  ask(ref: SubjectRef): Promise<SubjectSnapshot> {
    const name = subjectName(ref);
    const shared = this.#unsent.get(name) ?? (this.onlyUnsentIsShared ? undefined : this.#sent.get(name));
    if (shared !== undefined) return shared.answer;
    if (this.#unsent.size >= this.limits.waitingMax) {
      return Promise.reject(new AppError('auth.unavailable', { internal: 'too many subjects wait for their owner' }));
    }
    const ask = newAsk(ref);
    this.#unsent.set(name, ask);
    this.#schedule();
    return ask.answer;
  }

  #schedule(): void {
    if (this.#scheduled || this.#unsent.size === 0 || this.#calls >= this.limits.callsMax) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const asks = [...this.#unsent].slice(0, this.limits.subjectsPerCallMax);
    for (const [name, ask] of asks) {
      this.#unsent.delete(name);
      this.#sent.set(name, ask);
    }
    this.#calls++;
    this.#schedule();
    try {
      const snapshots = await this.read(asks.map(([, ask]) => ask.ref));
      asks.forEach(([, ask], place) => {
        const snapshot = snapshots[place];
        if (snapshot === undefined)
          ask.reject(new AppError('auth.unavailable', { internal: 'an owner left out a subject' }));
        else ask.resolve(snapshot);
      });
    } catch (error) {
      for (const [, ask] of asks) ask.reject(error);
    } finally {
      for (const [name, ask] of asks) if (this.#sent.get(name) === ask) this.#sent.delete(name);
      this.#calls--;
      this.#schedule();
    }
  }
}

function newAsk(ref: SubjectRef): Ask {
  let resolve: Ask['resolve'] = () => undefined;
  let reject: Ask['reject'] = () => undefined;
  const answer = new Promise<SubjectSnapshot>((onAnswer, onFailure) => {
    resolve = onAnswer;
    reject = onFailure;
  });
  return { ref, answer, resolve, reject };
}

async function withinMs<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
