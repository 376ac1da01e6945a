import { BENCHMARK_NAMES, isBenchmarkName, type BenchmarkName } from './benchmark-names';

export interface BenchOptions {
  readonly only: readonly BenchmarkName[];
  /** Empty: all of them. */
  readonly contenders: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Null: what the benchmark itself says. */
  readonly concurrency: number | null;
  /** So many take turns. */
  readonly keys: number;
  /** So many are in the workspace of which `keys` is. */
  readonly listedKeys: number;
  /** Shows where the time of every contender goes instead of comparing them. */
  readonly profile: boolean;
  readonly markdown: boolean;
}

/** The options as they were written; those with a default are there. */
export interface BenchArguments {
  readonly only?: string;
  readonly contenders?: string;
  readonly profile?: string;
  readonly rounds: string;
  readonly seconds: string;
  readonly 'warm-up': string;
  readonly concurrency?: string;
  readonly keys?: string;
  readonly markdown: boolean;
}

/** As many as it takes that no limit is reached. */
const TURNS = 4_000;
const LISTED = 1_000_000;

/** @throws Error that says what is wrong */
export function optionsFrom(args: BenchArguments): BenchOptions {
  const { only = args.profile, concurrency } = args;
  const keys = args.keys === undefined ? undefined : positive('keys', args.keys);
  return {
    only: only === undefined ? BENCHMARK_NAMES : list(only).map(benchmarkName),
    contenders: list(args.contenders ?? ''),
    rounds: positive('rounds', args.rounds),
    seconds: positive('seconds', args.seconds),
    warmUpSeconds: positive('warm-up', args['warm-up']),
    concurrency: concurrency === undefined ? null : positive('concurrency', concurrency),
    keys: keys ?? TURNS,
    listedKeys: keys ?? LISTED,
    profile: args.profile !== undefined,
    markdown: args.markdown,
  };
}

const list = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');

function benchmarkName(name: string): BenchmarkName {
  if (isBenchmarkName(name)) return name;
  throw new Error(`There is no benchmark ${name}; there are: ${BENCHMARK_NAMES.join(', ')}`);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new Error(`--${name} must be a positive number`);
}
