import { parseArgs } from 'node:util';
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
  readonly keys: number;
  /** Shows where the time of every contender goes instead of comparing them. */
  readonly profile: boolean;
  readonly markdown: boolean;
}

const HELP = `npm run bench -- [options]

  --only <names>        of ${BENCHMARK_NAMES.join(', ')}; all when absent
  --contenders <names>  of those of a benchmark; all when absent
  --profile <name>      where the time of that benchmark's servers goes, instead of a comparison
  --rounds <n>          5
  --seconds <n>         3: of load, per contender and round
  --warm-up <n>         1: seconds of load before that
  --concurrency <n>     calls at once; what the benchmark says when absent
  --keys <n>            4000: so many keys take turns, so that no limit is reached
  --markdown            tables for docs/performance.md

What is measured is written to bench/results/<name>.json.`;

/** Reads the command line; shows its form and ends the process when asked to, or when it cannot be understood. */
export function readOptions(args: readonly string[]): BenchOptions {
  try {
    return parseOptions(args);
  } catch (error) {
    const asked = args.includes('--help');
    console.error(asked ? HELP : `${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(asked ? 0 : 2);
  }
}

/** @throws Error that says what is wrong */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      contenders: { type: 'string' },
      profile: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '1' },
      concurrency: { type: 'string' },
      keys: { type: 'string', default: '4000' },
      markdown: { type: 'boolean', default: false },
    },
  });
  const { only = values.profile, concurrency } = values;
  return {
    only: only === undefined ? BENCHMARK_NAMES : list(only).map(benchmarkName),
    contenders: list(values.contenders ?? ''),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    warmUpSeconds: positive('warm-up', values['warm-up']),
    concurrency: concurrency === undefined ? null : positive('concurrency', concurrency),
    keys: positive('keys', values.keys),
    profile: values.profile !== undefined,
    markdown: values.markdown,
  };
}

const list = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');

function benchmarkName(name: string): BenchmarkName {
  if (isBenchmarkName(name)) return name;
  throw new Error(`there is no benchmark ${name}`);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new Error(`--${name} must be a positive number`);
}
