import type { Clock } from '@latchkey/kernel';
import type { PostgresMailOutbox, TakenMail } from '../postgres-mail-outbox';
import type { Delivery, DeliveryOutcome } from './delivery';

export interface MailReport {
  sent(mail: TakenMail): void;
  putOff(mail: TakenMail, reason: string): void;
  /** Nobody will get it. */
  givenUp(mail: TakenMail, reason: string): void;
  /** The outbox itself could not be read or written. */
  failed(error: unknown): void;
}

export interface MailDispatchOptions {
  readonly outbox: Pick<PostgresMailOutbox, 'take' | 'remove' | 'putOff'>;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly report: MailReport;
  /** Between two looks at an empty outbox, in ms. Default 500. */
  readonly idleMs?: number;
}

const IDLE_MS = 500;
/** Longer than any delivery takes: who takes a mail and dies has it for so long. */
const LEASE_MS = 120_000;
const BACKOFF_FIRST_MS = 5_000;
const BACKOFF_MAX_MS = 1_800_000;
const PAUSE_AFTER_FAILURE_MS = 5_000;

/**
 * Sends what is in the outbox, one mail after another, at least once: a crash between the server's word and the deletion of the row sends it
 * again. Any number of processes may do so. A mail that cannot be sent is tried again, later and later, until nobody needs it any more.
 */
export class MailDispatch {
  #loop: Promise<void> | null = null;
  #stopping = false;
  #wake: () => void = () => undefined;

  constructor(private readonly options: MailDispatchOptions) {}

  start(): void {
    this.#stopping = false;
    this.#loop ??= this.#run();
  }

  /** Resolves when what is being sent has been sent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
    this.#loop = null;
  }

  /** Takes one mail and tries to send it. @returns whether there was one */
  async turn(): Promise<boolean> {
    const { outbox, delivery, clock, report } = this.options;
    const now = clock.now();
    const mail = await outbox.take(after(now, LEASE_MS));
    if (!mail) return false;
    const outcome: DeliveryOutcome =
      mail.goodUntil <= now ? { kind: 'refused', reason: 'too late' } : await deliver(delivery, mail);
    if (outcome.kind === 'failed') await this.#tryLater(mail, outcome.reason);
    else {
      await outbox.remove(mail);
      if (outcome.kind === 'delivered') report.sent(mail);
      else report.givenUp(mail, outcome.reason);
    }
    return true;
  }

  async #tryLater(mail: TakenMail, reason: string): Promise<void> {
    const { outbox, clock, report } = this.options;
    const due = after(clock.now(), Math.min(BACKOFF_FIRST_MS * 2 ** (mail.attempt - 1), BACKOFF_MAX_MS));
    if (due < mail.goodUntil) {
      await outbox.putOff(mail, due);
      report.putOff(mail, reason);
    } else {
      await outbox.remove(mail);
      report.givenUp(mail, reason);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        if (!(await this.turn())) await this.#pause(this.options.idleMs ?? IDLE_MS);
      } catch (error) {
        this.options.report.failed(error);
        await this.#pause(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  /** Ends early when the dispatch is stopped. */
  async #pause(ms: number): Promise<void> {
    if (this.#stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const after = (time: Date, ms: number) => new Date(time.getTime() + ms);

async function deliver(delivery: Delivery, mail: TakenMail): Promise<DeliveryOutcome> {
  try {
    return await delivery.deliver(mail.open(), mail.mailId);
  } catch {
    return { kind: 'failed', reason: 'it cannot be opened: is this another master key?' };
  }
}
