/** So many in each second of the clock that it is told, and of them so many for one name. */
export class EachSecond {
  #second = 0;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  /** @param share for one name; all of them when absent */
  constructor(
    private readonly max: number,
    private readonly share: number = max,
  ) {}

  /** @returns whether there was one left for that name */
  take(nowMs: number, name = ''): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) {
      [this.#second, this.#taken] = [second, 0];
      this.#takenBy.clear();
    }
    const own = this.#takenBy.get(name) ?? 0;
    if (this.#taken >= this.max || own >= this.share) return false;
    this.#taken += 1;
    this.#takenBy.set(name, own + 1);
    return true;
  }
}
