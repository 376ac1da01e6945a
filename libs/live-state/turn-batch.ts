/**
 * Collects what arrives in one turn of the event loop. Flushed in the loop's check phase, so it holds whatever all sockets that
 * were readable in this turn brought.
 */
export class TurnBatch<Item> {
  #items: Item[] = [];

  constructor(private readonly flush: (items: readonly Item[]) => void) {}

  add(item: Item): void {
    if (this.#items.push(item) === 1) setImmediate(() => this.#take());
  }

  #take(): void {
    const items = this.#items;
    this.#items = [];
    this.flush(items);
  }
}
