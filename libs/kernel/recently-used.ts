/**
 * Remembers what has been used of late, by name. In two generations, as an exact order of use would have to be written down on every use:
 * when the younger one is full it becomes the older one, and what nobody has used since then is forgotten with the next.
 */
export class RecentlyUsed<Value> {
  #younger = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** @param sizeMax of both generations together; of those used last at least half stay */
  constructor(private readonly sizeMax: number) {}

  get(name: string): Value | undefined {
    const value = this.#younger.get(name);
    if (value !== undefined) return value;
    const older = this.#older.get(name);
    if (older !== undefined) this.put(name, older);
    return older;
  }

  put(name: string, value: Value): void {
    this.#older.delete(name);
    this.#younger.set(name, value);
    if (this.#younger.size * 2 < this.sizeMax) return;
    this.#older = this.#younger;
    this.#younger = new Map();
  }
}
