import { setTimeout as pause } from 'node:timers/promises';
import { takingTurns } from './closed-loop';
import { HttpConnection } from './http-connection';

export interface Issuing {
  readonly url: string;
  /** Sent one after another, by whichever client is next. */
  readonly requests: readonly Buffer[];
  readonly clients: number;
  /** Of all of them together; null: each asks again as soon as it is answered. */
  readonly perSecond: number | null;
}

/** Clients who ask for access tokens again and again. */
export class IssuingLoad {
  #done = 0;
  #isEnded = false;
  readonly #nextRequest: () => Buffer;
  readonly #clients: Promise<unknown>;

  constructor(private readonly issuing: Issuing) {
    this.#nextRequest = takingTurns(issuing.requests);
    this.#clients = Promise.all(Array.from({ length: issuing.clients }, (_, index) => this.#client(index)));
    this.#clients.catch(() => undefined);
  }

  /** So many were issued. */
  get done(): number {
    return this.#done;
  }

  /** Waits for what is under way. Rejects when a client was not given a token. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#clients;
  }

  async #client(index: number): Promise<void> {
    const { url, clients, perSecond } = this.issuing;
    const everyMs = perSecond === null ? 0 : (clients * 1_000) / perSecond;
    const connection = await HttpConnection.open(url);
    try {
      // They begin one after another, or all would ask at the same moments.
      for (let at = performance.now() + (everyMs * index) / clients; !this.#isEnded; at += everyMs) {
        const earlyMs = at - performance.now();
        if (earlyMs > 0) await pause(earlyMs);
        await connection.send(this.#nextRequest());
        this.#done += 1;
      }
    } finally {
      connection.close();
    }
  }
}
