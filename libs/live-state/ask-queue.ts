import { AppError, WaitingLines } from '@latchkey/kernel';

/** Calls under way at once, questions per call, questions that wait. What comes on top is refused, each asker within its share. */
export interface AskLimits {
  readonly callsMax: number;
  readonly itemsPerCallMax: number;
  readonly waitingMax: number;
}

export const DEFAULT_ASK_LIMITS: AskLimits = { callsMax: 8, itemsPerCallMax: 500, waitingMax: 10_000 };

export interface AskQueueOptions<Question, Answer> {
  /** Answers in the order of the questions. */
  readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** The same for questions that have the same answer. */
  readonly nameOf: (question: Question) => string;
  readonly limits?: AskLimits;
  /** False only to show what rule 7 is for. */
  readonly onlyUnsentIsShared?: boolean;
}

interface Ask<Question, Answer> {
  readonly question: Question;
  readonly answer: Promise<Answer>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is asked in one turn of the event loop goes in one call. An ask is only shared with those that come before it is sent (rule 7): its
 * answer may be older than whatever comes later. Askers share the queue as `WaitingLines` says: one that asks without end holds up nobody else.
 */
export class AskQueue<Question, Answer> {
  readonly #unsent: WaitingLines<Ask<Question, Answer>>;
  readonly #sent = new Map<string, Ask<Question, Answer>>();
  readonly #limits: AskLimits;
  #calls = 0;
  #scheduled = false;

  constructor(private readonly options: AskQueueOptions<Question, Answer>) {
    this.#limits = options.limits ?? DEFAULT_ASK_LIMITS;
    this.#unsent = new WaitingLines(this.#limits.waitingMax);
  }

  /**
   * @param asker on whose behalf, where askers are told from each other: only what one asker asks is shared
   * @throws AppError `service.unavailable`: too many wait, or the answer was left out; else what `ask` throws
   */
  ask(question: Question, asker = ''): Promise<Answer> {
    const { nameOf, onlyUnsentIsShared = true } = this.options;
    const name = nameOf(question);
    const shared = this.#unsent.find(asker, name) ?? (onlyUnsentIsShared ? undefined : this.#sent.get(name));
    if (shared !== undefined) return shared.answer;
    const ask = newAsk<Question, Answer>(question);
    const dropped = this.#unsent.add(asker, name, ask);
    dropped?.reject(new AppError('service.unavailable', { internal: 'too many wait for an answer' }));
    this.#schedule();
    return ask.answer;
  }

  #schedule(): void {
    if (this.#scheduled || this.#unsent.size === 0 || this.#calls >= this.#limits.callsMax) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const asks = this.#unsent.take(this.#limits.itemsPerCallMax);
    for (const [name, ask] of asks) this.#sent.set(name, ask);
    this.#calls++;
    this.#schedule();
    try {
      const answers = await this.options.ask(asks.map(([, ask]) => ask.question));
      asks.forEach(([, ask], place) => {
        const answer = answers[place];
        if (answer === undefined) ask.reject(new AppError('service.unavailable', { internal: 'an answer is missing' }));
        else ask.resolve(answer);
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

function newAsk<Question, Answer>(question: Question): Ask<Question, Answer> {
  let resolve: Ask<Question, Answer>['resolve'] = () => undefined;
  let reject: Ask<Question, Answer>['reject'] = () => undefined;
  const answer = new Promise<Answer>((onAnswer, onFailure) => {
    resolve = onAnswer;
    reject = onFailure;
  });
  return { question, answer, resolve, reject };
}

/** @throws AppError `service.unavailable` when `work` has not ended within `timeoutMs`. */
export async function withinMs<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const tooLate = new AppError('service.unavailable', { internal: `no answer within ${timeoutMs} ms` });
    timer = setTimeout(reject, timeoutMs, tooLate);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
