/** One figure of all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle value, or the mean of the two in the middle. @throws Error when there are none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error('no values');
  return (lower + upper) / 2;
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** The least value that at least `share` (0 to 1) of all values do not exceed. @throws Error when there are none */
export function percentile(sorted: Float64Array, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no values');
  return value;
}

/** What a run of load came to. */
export interface Measured {
  /** Operations done: requests, checks of a batch, events. */
  readonly count: number;
  readonly seconds: number;
  /** Of one call, which may hold several operations. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What was done at the same time, besides, and is not counted. */
  readonly besides?: number;
}

export function measured(latenciesMs: readonly number[], seconds: number, operationsPerCall = 1): Measured {
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    count: sorted.length * operationsPerCall,
    seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}
