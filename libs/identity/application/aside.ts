/**
 * Work that nobody waits for, because how long it takes would tell what must not be told: whether there is such an account. What fails in it
 * is reported, and is not done again.
 */
export class Aside {
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly onError: (error: unknown) => void) {}

  run(work: () => Promise<void>): void {
    const running = work()
      .catch(this.onError)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** When all that was begun has ended. */
  async done(): Promise<void> {
    await Promise.all(this.#running);
  }
}
