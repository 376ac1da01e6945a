/** Does something again and again until it is stopped, each time so long after it began the last. It must not throw. */
export class Rounds {
  #loop: Promise<void> | null = null;
  #wake: () => void = () => undefined;
  #stopped = false;

  constructor(
    private readonly everyMs: number,
    private readonly round: () => Promise<void>,
  ) {}

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Waits for the round that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      await this.round();
      if (!this.#stopped) await this.#sleep(Math.max(1, this.everyMs - (performance.now() - began)));
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
