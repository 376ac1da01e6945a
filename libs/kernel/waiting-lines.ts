/** What somebody waits for, by name. */
type Line<Item> = Map<string, Item>;

/**
 * A bounded waiting room in which each asker has a line of its own. Lines are served in turn, one item each, so how long one's own items wait
 * does not depend on how many another has. An asker alone may fill the room. When it is full, whoever has fewer waiting takes the place of the
 * oldest item of the longest line, which has waited longest and would be given up first, so among n askers that all want more, each gets a share of 1/n.
 */
export class WaitingLines<Item> {
  readonly #lines = new Map<string, Line<Item>>();
  #size = 0;

  constructor(private readonly sizeMax: number) {}

  get size(): number {
    return this.#size;
  }

  find(asker: string, name: string): Item | undefined {
    return this.#lines.get(asker)?.get(name);
  }

  /**
   * At the end of the asker's line, which has no item of that name.
   * @returns the item that has to go for it, of another asker or itself; null when there is room
   */
  add(asker: string, name: string, item: Item): Item | null {
    let dropped: Item | null = null;
    if (this.#size >= this.sizeMax) {
      dropped = this.#dropFor(asker);
      if (dropped === null) return item;
    }
    const line = this.#lines.get(asker) ?? new Map<string, Item>();
    this.#lines.set(asker, line.set(name, item));
    this.#size += 1;
    return dropped;
  }

  /** Of one who waits no more; nothing when it has left before. */
  remove(asker: string, name: string): void {
    const line = this.#lines.get(asker);
    if (!line?.delete(name)) return;
    this.#size -= 1;
    if (line.size === 0) this.#lines.delete(asker);
  }

  /** Takes at most so many out, one of each line in turn. */
  take(countMax: number): readonly (readonly [string, Item])[] {
    const taken: (readonly [string, Item])[] = [];
    // A line that has more is put behind the others, where this loop meets it again.
    for (const [asker, line] of this.#lines) {
      const [first] = line;
      if (first === undefined || taken.length >= countMax) break;
      taken.push(first);
      line.delete(first[0]);
      this.#lines.delete(asker);
      if (line.size > 0) this.#lines.set(asker, line);
    }
    this.#size -= taken.length;
    return taken;
  }

  /** The oldest item of the longest line, unless the asker's own is as long with one more. */
  #dropFor(asker: string): Item | null {
    let longest: Line<Item> = new Map();
    for (const line of this.#lines.values()) if (line.size > longest.size) longest = line;
    const own = this.#lines.get(asker)?.size ?? 0;
    const [oldest] = longest;
    if (oldest === undefined || longest.size <= own + 1) return null;
    longest.delete(oldest[0]);
    this.#size -= 1;
    return oldest[1];
  }
}
