import type { Logger, MetricsRegistry } from '@latchkey/platform';
import { Counter } from 'prom-client';
import type { SignInAttempt, SignInCounter } from '../application/sign-in-ports';

/** Counts what becomes of attempts to sign in, and writes down every use of the way past the captcha (C11). */
export class PromSignInRecord implements SignInCounter {
  readonly #attempts: Counter;
  readonly #unrecorded: Counter;

  constructor(
    registry: MetricsRegistry,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    this.#attempts = new Counter({
      name: 'sign_ins_total',
      help: 'Attempts to sign in, by what became of them.',
      labelNames: ['outcome', 'captcha'],
      registers: [registry],
    });
    this.#unrecorded = new Counter({
      name: 'sign_ins_unrecorded_total',
      help: 'Attempts to sign in that are in no record, as too many came in one second.',
      registers: [registry],
    });
  }

  record({ outcome, captcha, ip, userId }: SignInAttempt): void {
    this.#attempts.inc({ outcome, captcha });
    if (captcha === 'bypassed') this.log.warn({ ip, user_id: userId, outcome }, 'a sign-in went past the captcha');
  }
  unrecorded(): void {
    this.#unrecorded.inc();
  }
}
