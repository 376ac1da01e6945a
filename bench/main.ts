import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BenchmarkName } from './benchmark-names';
import { append } from './benchmarks/append';
import { checkAlone } from './benchmarks/check-alone';
import { checkGrpc } from './benchmarks/check-grpc';
import { checkHttp } from './benchmarks/check-http';
import { issuing } from './benchmarks/issuing';
import { keys } from './benchmarks/keys';
import { signIns } from './benchmarks/sign-ins';
import { tokens } from './benchmarks/tokens';
import type { Benchmark } from './benchmarks/benchmark';
import { compete, takingPart } from './compete';
import type { Contender, Load } from './contender';
import type { BenchOptions } from './options';
import { canPin } from './processes';
import { showProfiles } from './profile/show-profiles';
import { resultOf, tablesOf, tableText, type Result } from './report';
import { World, type Cores, type WorldOptions } from './world';

const benchmarks: Readonly<Record<BenchmarkName, Benchmark>> = {
  'check-http': checkHttp,
  'check-grpc': checkGrpc,
  'check-alone': checkAlone,
  append,
  'sign-ins': signIns,
  tokens,
  issuing,
  keys,
};

/** Before the first round, also where one caller is measured: the compiler has done its work then, and every key has been asked about. */
const FIRST_LOAD = { callersMin: 16, seconds: 4 };

export interface RunOptions extends BenchOptions, Omit<WorldOptions, 'profileFolder' | 'pinned'> {
  readonly signal: AbortSignal;
}

/** Runs the benchmarks one after another. Rejects when a server does not answer as it should. */
export async function runBenchmarks(options: RunOptions): Promise<void> {
  const results = path.join(options.root, 'bench/results');
  await mkdir(results, { recursive: true });
  const world = new World({ ...options, pinned: canPin(), profileFolder: options.profile ? results : null });
  try {
    for (const name of options.only) {
      options.signal.throwIfAborted();
      await run(benchmarks[name], world, options, results);
    }
  } finally {
    await world.end();
  }
}

async function run(benchmark: Benchmark, world: World, options: RunOptions, results: string): Promise<void> {
  console.log(`\n── ${benchmark.title} (${benchmark.name})`);
  const load = { concurrency: options.concurrency ?? benchmark.concurrency, seconds: options.seconds };
  world.shareOut(benchmark.cores);
  const contenders = await start(benchmark, world, options, load);
  if (options.profile) return showProfiles(contenders, { ...options, load, folder: results });
  const rounds = await compete(contenders, {
    ...options,
    load,
    onRound: (done) => console.log(`round ${done} of ${options.rounds}`),
  });
  const result = resultOf(benchmark, contenders, rounds, {
    takenAt: new Date().toISOString(),
    machine: machine(world.pinned ? WHERE[benchmark.cores] : 'cores not shared out'),
    ...load,
  });
  const file = path.join(results, `${benchmark.name}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  show(result, options);
  console.log(`\n${path.relative(options.root, file)}`);
}

async function start(
  benchmark: Benchmark,
  world: World,
  options: RunOptions,
  load: Load,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const name of takingPart(benchmark, options.contenders)) {
    options.signal.throwIfAborted();
    console.log(`starting ${name} …`);
    const contender = await benchmark.contenders[name]?.(world);
    if (contender === undefined) continue;
    await contender.load({
      concurrency: Math.max(load.concurrency, FIRST_LOAD.callersMin),
      seconds: FIRST_LOAD.seconds,
    });
    contenders.push(contender);
  }
  return contenders;
}

function show(result: Result, { rounds, markdown }: RunOptions): void {
  console.log(
    `\n${rounds} rounds of ${result.seconds} s for each, ${result.concurrency} at once. ${result.machine}. Medians; ratios within each round.`,
  );
  for (const table of tablesOf(result)) console.log(`\n${tableText(table, markdown)}`);
  console.log('');
  for (const { name, title } of result.contenders) console.log(`${markdown ? `- \`${name}\`` : `  ${name}`}: ${title}`);
}

const WHERE: Readonly<Record<Cores, string>> = {
  'server-alone': 'servers alone on the first core',
  'two-cores': 'everything on two cores',
};

function machine(where: string): string {
  const cores = os.cpus();
  return `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), Node ${process.version}, ${where}`;
}
