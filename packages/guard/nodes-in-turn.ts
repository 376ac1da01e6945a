import { AppError } from '@latchkey/kernel';

/** Asks nodes in turn, within one deadline: each call begins with the next one, and goes on to others when one fails. */
export class NodesInTurn<Node> {
  #turn = 0;

  /** `attemptsMax`: as many as there are nodes, or once more. @throws RangeError when there are none */
  constructor(
    readonly nodes: readonly Node[],
    private readonly timeoutMs: number,
    private readonly attemptsMax = nodes.length,
  ) {
    if (nodes.length === 0) throw new RangeError('a check client needs the address of at least one node');
  }

  /** @throws AppError `auth.unavailable`: no node gave an answer that can be believed. */
  async ask<Answer>(ask: (node: Node, timeoutMs: number) => Promise<Answer>): Promise<Answer> {
    const deadline = performance.now() + this.timeoutMs;
    const first = this.#turn;
    this.#turn = (this.#turn + 1) % this.nodes.length;
    let last: unknown;
    for (let attempt = 0; attempt < this.attemptsMax; attempt += 1) {
      const node = this.nodes[(first + attempt) % this.nodes.length];
      const leftMs = deadline - performance.now();
      if (node === undefined || leftMs <= 0) break;
      try {
        // A silent node takes its share of the time only.
        return await ask(node, leftMs / Math.max(1, this.nodes.length - attempt));
      } catch (error) {
        last = error;
      }
    }
    throw new AppError('auth.unavailable', {
      internal: 'no enforcement node gave an answer',
      retryAfterSeconds: 1,
      ...(last !== undefined && { cause: last }),
    });
  }
}
