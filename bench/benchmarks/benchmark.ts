import type { Comparison, Contender } from '../contender';
import type { BenchmarkName } from '../benchmark-names';
import type { Cores, World } from '../world';

export interface Benchmark {
  readonly name: BenchmarkName;
  readonly title: string;
  /** Calls at once when the command line does not say. */
  readonly concurrency: number;
  /** Who has which. */
  readonly cores: Cores;
  /** By name, in the order in which they take turns. Each is started only if it takes part. */
  readonly contenders: Readonly<Record<string, (world: World) => Promise<Contender>>>;
  readonly comparisons: readonly Comparison[];
}
