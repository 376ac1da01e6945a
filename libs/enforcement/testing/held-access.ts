import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { refused } from '../application/check-result';

/** Answers when it is told to. */
export class HeldAccess {
  readonly asked: CheckRequest[] = [];
  #waiting: (() => void)[] = [];

  checkFor(_caller: unknown, request: CheckRequest): Promise<CheckResult> {
    this.asked.push(request);
    return new Promise((resolve) => this.#waiting.push(() => resolve(refused('unknown', 0, 'owner'))));
  }

  answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}
