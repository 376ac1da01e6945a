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
import type { AdmittedCaller, CallerVerdict } from '../../application/callers';
import type { CheckAccess } from '../../application/check-access';
import { verdictOn, type AdmissionParts } from './admission';
import { GrpcCaller, NOT_A_MESSAGE, refusalFor, TOO_MANY_CHECKS, type Refusal } from './caller';
import { refusalOf } from './refusal-of';

/** Of one message, as of a batch. */
export const MESSAGE_CHECKS_MAX = 100;

export type CheckStreamCall = ServerDuplexStream<Received<StreamCheckRequest>, StreamCheckResponse>;

export interface CheckStreamParts extends AdmissionParts {
  readonly access: Pick<CheckAccess, 'checkFor'>;
}

/**
 * One stream of checks. Who opened it was admitted, and is looked at again for the checks of every turn of the event loop: whose credential
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
    /** As `GrpcBounds` says. */
    private readonly underWayMax: number,
  ) {
    this.#caller = new GrpcCaller(call, call.metadata);
  }

  start(): void {
    const { call } = this;
    call.on('data', (request: Received<StreamCheckRequest>) => this.#take(request));
    call.on('end', () => this.finish());
    call.on('cancelled', () => (this.#over = true));
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
    if (this.#underWay >= this.underWayMax) this.call.pause();
    this.#whenTold((caller) => {
      for (const each of request.checks) {
        if (caller.verdict === 'unavailable') this.#refuse(each.id, refusalFor(caller, this.#caller));
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
    else if (this.call.isPaused() && this.#underWay <= this.underWayMax / 2) this.call.resume();
  }

  #endWhenAnswered(): void {
    if (this.#underWay > 0 || this.#over) return;
    this.#over = true;
    this.call.end();
  }

  /** Else the stream ends. */
  #isAdmitted(caller: CallerVerdict): caller is AdmittedCaller {
    if (caller.verdict === 'admitted') return true;
    this.#end(refusalFor(caller, this.#caller));
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
    return verdictOn(this.#caller, this.parts);
  }
}
