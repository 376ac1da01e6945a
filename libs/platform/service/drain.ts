import type { FastifyInstance } from 'fastify';

/** Counts the requests in hand, so that a stop can wait for them. */
export class RequestsInHand {
  #count = 0;
  #closing = false;
  #whenNone: (() => void) | undefined;

  follow(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.#count += 1;
      // A kept-alive connection would bring the next request to a process that is about to end.
      if (this.#closing) void reply.header('connection', 'close');
      // `close` comes after the last byte of the reply, and when the client goes away before it.
      reply.raw.once('close', () => {
        this.#count -= 1;
        if (this.#count === 0) this.#whenNone?.();
      });
      done();
    });
  }

  /** Waits until no request is in hand, at most `timeoutMs`. Answers how many were left. */
  async drained(timeoutMs: number): Promise<number> {
    this.#closing = true;
    if (this.#count === 0) return 0;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#whenNone = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    return this.#count;
  }
}
