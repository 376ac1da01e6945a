/** Open at first. Whoever comes while it is closed waits at it. */
export class Gate {
  #opened = Promise.resolve();
  #open: () => void = () => undefined;
  #arrive: () => void = () => undefined;

  /** @returns a promise of the first arrival from now on */
  close(): Promise<void> {
    this.open();
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    return new Promise((resolve) => (this.#arrive = resolve));
  }

  open(): void {
    this.#open();
  }

  async pass(): Promise<void> {
    this.#arrive();
    await this.#opened;
  }
}
