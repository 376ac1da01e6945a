/**
 * Collects what arrives in one turn of the event loop. Flushed in the loop's check phase, so it holds whatever all sockets that
 * were readable in this turn brought; and before that whenever there are `itemsMax`, so that whoever answers begins while this process
 * still reads the rest.
 */
export class TurnBatch<Item> {
  #items: Item[] = [];
  #isDue = false;

  constructor(
    private readonly flush: (items: readonly Item[]) => void,
    private readonly itemsMax = Infinity,
  ) {}

  add(item: Item): void {
    if (this.#items.push(item) >= this.itemsMax) this.#take();
    else if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(() => {
        this.#isDue = false;
        if (this.#items.length > 0) this.#take();
      });
    }
  }

  #take(): void {
    const items = this.#items;
    this.#items = [];
    this.flush(items);
  }
}
