/** So many in each second of the clock that it is told. */
export class EachSecond {
  #second = 0;
  #taken = 0;

  constructor(private readonly max: number) {}

  /** @returns whether there was one left */
  take(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
    this.#taken += 1;
    return this.#taken <= this.max;
  }
}
