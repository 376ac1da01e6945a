/**
 * The usual estimate of a sliding window: this bucket's calls, and the last bucket's in proportion to what of it is left. A model of
 * what live state does not do.
 */
export class TwoBuckets {
  readonly #counts = new Map<number, number>();

  constructor(
    private readonly limit: number,
    private readonly lengthMs: number,
  ) {}

  allows(atMs: number): boolean {
    const bucket = Math.floor(atMs / this.lengthMs);
    const elapsed = atMs / this.lengthMs - bucket;
    const current = this.#counts.get(bucket) ?? 0;
    const estimate = (this.#counts.get(bucket - 1) ?? 0) * (1 - elapsed) + current;
    if (estimate + 1 > this.limit) return false;
    this.#counts.set(bucket, current + 1);
    return true;
  }
}
