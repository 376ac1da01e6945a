import type { ServerDuplexStream } from '@grpc/grpc-js';
import { checkRequest } from '@latchkey/contracts';
import {
  MALFORMED,
  type NumberedAnswer,
  type NumberedCheck,
  type Received,
  type StreamCheckRequest,
  type StreamCheckResponse,
} from '@latchkey/contracts/grpc';
import { parseInput } from '@latchkey/platform';
import type { AdmittedCaller, Callers, CallerVerdict } from '../../application/callers';
import type { CheckAccess } from '../../application/check-access';
import { GrpcCaller, NOT_A_MESSAGE, REFUSALS, TOO_MANY_CHECKS, type Refusal } from './caller';
import { refusalOf } from './refusal-of';

/** Checks of one stream that are under way, or whose answers its caller has not taken: beyond them no message is read. */
export const UNDER_WAY_MAX = 1_000;
/** Of one message, as of a batch. */
export const MESSAGE_CHECKS_MAX = 100;

export type CheckStreamCall = ServerDuplexStream<Received<StreamCheckRequest>, StreamCheckResponse>;

export interface CheckStreamParts {
  readonly access: Pick<CheckAccess, 'checkFor'>;
  readonly callers: Callers;
  readonly onError: (error: unknown) => void;
}

/**
 * One stream of checks. Who asks is looked at when it opens and again for the checks of every turn of the event loop: whose credential
 * was revoked shall not go on asking over a stream that is older.
 */
export class CheckStream {
  readonly #caller: GrpcCaller;
  #underWay = 0;
  #answers: NumberedAnswer[] = [];
  /** Nothing more is read; it ends when all that was read is answered. */
  #finishing = false;
  /** Nothing more is said. */
  #over = false;
  #verdict: CallerVerdict | Promise<CallerVerdict> | undefined;

  constructor(
    private readonly call: CheckStreamCall,
    private readonly parts: CheckStreamParts,
  ) {
    this.#caller = new GrpcCaller(call);
  }

  start(): void {
    const { call } = this;
    call.on('data', (request: Received<StreamCheckRequest>) => this.#take(request));
    call.on('end', () => this.finish());
    call.on('cancelled', () => (this.#over = true));
    this.#whenTold((caller) => void this.#isAdmitted(caller));
  }

  /** Reads no further, answers what was read, and ends. */
  finish(): void {
    this.#finishing = true;
    this.call.pause();
    this.#endWhenAnswered();
  }

  #take(request: Received<StreamCheckRequest>): void {
    if (this.#over) return;
    if (request === MALFORMED || request.checks.length > MESSAGE_CHECKS_MAX) {
      this.#end(request === MALFORMED ? NOT_A_MESSAGE : TOO_MANY_CHECKS);
      return;
    }
    this.#underWay += request.checks.length;
    if (this.#underWay >= UNDER_WAY_MAX) this.call.pause();
    this.#whenTold((caller) => {
      for (const each of request.checks) {
        if (caller.verdict === 'unavailable') this.#refuse(each.id, REFUSALS.unavailable);
        else if (this.#isAdmitted(caller)) this.#check(caller, each);
      }
    });
  }

  #check(caller: AdmittedCaller, { id, check }: NumberedCheck): void {
    let asked;
    try {
      asked = this.parts.access.checkFor(caller, parseInput(checkRequest, check, 'check'));
    } catch (error) {
      this.#refuse(id, refusalOf(error, this.parts.onError));
      return;
    }
    asked.then(
      (result) => this.#answer({ id, result }),
      (error: unknown) => this.#refuse(id, refusalOf(error, this.parts.onError)),
    );
  }

  #refuse(id: number, { code, details }: Refusal): void {
    this.#answer({ id, error: { code, message: details } });
  }

  /** Answers that come together go out together: one message for all of them costs little more than one for each. */
  #answer(answer: NumberedAnswer): void {
    if (this.#answers.push(answer) === 1) process.nextTick(() => this.#write());
  }

  #write(): void {
    const answers = this.#answers;
    this.#answers = [];
    if (this.#over) return;
    for (let from = 0; from < answers.length; from += MESSAGE_CHECKS_MAX) {
      const together = answers.slice(from, from + MESSAGE_CHECKS_MAX);
      this.call.write({ answers: together }, () => this.#onWritten(together.length));
    }
  }

  /** The caller's side has taken answers, or has room for them. */
  #onWritten(answers: number): void {
    this.#underWay -= answers;
    if (this.#finishing) this.#endWhenAnswered();
    else if (this.call.isPaused() && this.#underWay <= UNDER_WAY_MAX / 2) this.call.resume();
  }

  #endWhenAnswered(): void {
    if (this.#underWay > 0 || this.#over) return;
    this.#over = true;
    this.call.end();
  }

  /** Else the stream ends. */
  #isAdmitted(caller: CallerVerdict): caller is AdmittedCaller {
    if (caller.verdict === 'admitted') return true;
    this.#end(REFUSALS[caller.verdict]);
    return false;
  }

  #end(refusal: Refusal): void {
    if (this.#over) return;
    this.#over = true;
    this.call.pause();
    // How grpc-js is told the status of a stream.
    this.call.emit('error', refusal);
  }

  /** At once, where that can be told at once. */
  #whenTold(then: (verdict: CallerVerdict) => void): void {
    const verdict = (this.#verdict ??= this.#ask());
    if (verdict instanceof Promise) void verdict.then(then);
    else then(verdict);
  }

  #ask(): CallerVerdict | Promise<CallerVerdict> {
    setImmediate(() => (this.#verdict = undefined));
    try {
      const verdict = this.parts.callers.admit(this.#caller);
      return verdict instanceof Promise ? verdict.catch(this.#unavailable) : verdict;
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  readonly #unavailable = (error: unknown): CallerVerdict => {
    this.parts.onError(error);
    return { verdict: 'unavailable' };
  };
}
