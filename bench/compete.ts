import type { Benchmark } from './benchmarks/benchmark';
import type { Contender, Load, Round, RoundFigures } from './contender';
import { cpuMicrosOf } from './processes';

export interface CompeteOptions {
  readonly rounds: number;
  readonly load: Load;
  readonly warmUpSeconds: number;
  readonly signal: AbortSignal;
  readonly onRound: (done: number) => void;
}

/** Rounds in which every contender has its turn, so that what changes with time changes for all of them. */
export async function compete(contenders: readonly Contender[], options: CompeteOptions): Promise<readonly Round[]> {
  const { load, warmUpSeconds, signal } = options;
  const rounds: Round[] = [];
  while (rounds.length < options.rounds) {
    const round = new Map<string, RoundFigures>();
    for (const contender of contenders) {
      signal.throwIfAborted();
      await contender.load({ ...load, seconds: warmUpSeconds });
      round.set(contender.name, await measure(contender, load));
    }
    rounds.push(round);
    options.onRound(rounds.length);
  }
  return rounds;
}

async function measure(contender: Contender, load: Load): Promise<RoundFigures> {
  const pids = [contender.pid, ...(contender.helpers ?? [])];
  const before = cpuMicrosOf(pids);
  const ownBefore = process.cpuUsage();
  const measured = await contender.load(load);
  const after = cpuMicrosOf(pids);
  const { user, system } = process.cpuUsage(ownBefore);
  return {
    ...measured,
    perSecond: measured.count / measured.seconds,
    cpuMicros: before === null || after === null ? null : (after - before) / measured.count,
    generatorShare: (user + system) / 1e6 / measured.seconds,
  };
}

/** Those of a benchmark that take part. @throws Error that names one which there is not */
export function takingPart(benchmark: Benchmark, names: readonly string[]): readonly string[] {
  const all = Object.keys(benchmark.contenders);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`${benchmark.name} has no contender ${unknown}, only ${all.join(', ')}`);
  return names.length === 0 ? all : all.filter((name) => names.includes(name));
}
