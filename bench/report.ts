import type { Benchmark } from './benchmarks/benchmark';
import type { Comparison, Contender, Round, RoundFigures } from './contender';
import { median, spread, type Spread } from './statistics';

/** What one benchmark came to, as it is written to its file. */
export interface Result {
  readonly benchmark: string;
  readonly title: string;
  readonly takenAt: string;
  readonly machine: string;
  readonly concurrency: number;
  readonly seconds: number;
  readonly contenders: readonly (Medians & { readonly rounds: readonly RoundFigures[] })[];
  readonly comparisons: readonly Compared[];
}

interface Medians extends Pick<RoundFigures, 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicros' | 'generatorShare'> {
  readonly name: string;
  readonly title: string;
}

interface Compared extends Spread {
  readonly title: string;
  readonly unit: string;
  readonly byCpu: Spread | null;
  readonly aim: Comparison['aim'];
  readonly met: boolean | null;
}

/** Ratios are taken within each round, and then their median: what slows a whole round down slows both sides of it. */
export function resultOf(
  { name, title, comparisons }: Benchmark,
  contenders: readonly Pick<Contender, 'name' | 'title'>[],
  rounds: readonly Round[],
  about: Pick<Result, 'takenAt' | 'machine' | 'concurrency' | 'seconds'>,
): Result {
  return {
    benchmark: name,
    title,
    ...about,
    contenders: contenders.map((contender) => figuresOf(contender, rounds)),
    comparisons: comparisons.flatMap((comparison) => compared(comparison, rounds)),
  };
}

function figuresOf({ name, title }: Pick<Contender, 'name' | 'title'>, all: readonly Round[]) {
  const rounds = all.flatMap((round) => round.get(name) ?? []);
  const cpu = rounds.flatMap(({ cpuMicros }) => cpuMicros ?? []);
  return {
    name,
    title,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    cpuMicros: cpu.length === 0 ? null : median(cpu),
    generatorShare: median(rounds.map(({ generatorShare }) => generatorShare)),
    rounds,
  };
}

function compared(
  { title, unit, aim, of, byCpu = () => undefined }: Comparison,
  rounds: readonly Round[],
): readonly Compared[] {
  const values = rounds.flatMap((round) => of(round) ?? []);
  if (values.length === 0) return [];
  const figure = spread(values);
  const cpuValues = rounds.flatMap((round) => byCpu(round) ?? []);
  const met = aim === null ? null : isMet(aim, figure.median);
  return [{ title, unit, ...figure, byCpu: cpuValues.length === 0 ? null : spread(cpuValues), aim, met }];
}

const isMet = (aim: NonNullable<Comparison['aim']>, value: number): boolean =>
  'atLeast' in aim ? value >= aim.atLeast : value <= aim.atMost;

/** Ratios first: of two figures taken on different days, nothing else can be compared. */
export function tablesOf({ comparisons, contenders }: Result): readonly (readonly (readonly string[])[])[] {
  return [
    [
      ['compared', 'median', 'least – greatest', 'by CPU', 'aim', ''],
      ...comparisons.map(({ title, unit, median, min, max, byCpu, aim, met }) => [
        title,
        withUnit(median, unit),
        `${short(min)} – ${short(max)}`,
        byCpu === null ? '' : short(byCpu.median),
        aim === null ? '' : 'atLeast' in aim ? `≥ ${aim.atLeast}` : `≤ ${withUnit(aim.atMost, unit)}`,
        met === null ? '' : met ? 'met' : 'missed',
      ]),
    ],
    [
      ['contender', 'per second', 'p50', 'p99', 'CPU each', 'generator'],
      ...contenders.map(({ name, perSecond, p50Ms, p99Ms, cpuMicros, generatorShare }) => [
        name,
        Math.round(perSecond).toLocaleString('en'),
        `${short(p50Ms)} ms`,
        `${short(p99Ms)} ms`,
        cpuMicros === null ? '' : `${short(cpuMicros)} µs`,
        `${Math.round(generatorShare * 100)} %`,
      ]),
    ],
  ];
}

const withUnit = (value: number, unit: string) => (unit === '×' ? short(value) : `${short(value)} ${unit}`);

/** Three digits that mean something. */
const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

/** As columns of text, or as a table of Markdown. The first row is the heading. */
export function tableText(rows: readonly (readonly string[])[], markdown: boolean): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return markdown ? `| ${cells.join(' | ')} |` : `  ${cells.join('  ')}`.trimEnd();
  };
  const [heading = [], ...body] = rows;
  const rule = markdown ? [`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`] : [];
  return [line(heading), ...rule, ...body.map(line)].join('\n');
}
