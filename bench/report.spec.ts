import { costRatio, throughputRatio, type Round, type RoundFigures } from './contender';
import { resultOf, tableText } from './report';

const figures = (perSecond: number, cpuMicros: number | null = null): RoundFigures => ({
  perSecond,
  ...{ count: perSecond, seconds: 1, p50Ms: 1, p99Ms: 2, cpuMicros, generatorShare: 0.5 },
});
const rounds: readonly Round[] = [
  new Map([
    ['ours', figures(50)],
    ['floor', figures(100)],
  ]),
  new Map([
    ['ours', figures(6)],
    ['floor', figures(10)],
  ]),
  new Map([
    ['ours', figures(80)],
    ['floor', figures(100)],
  ]),
];
const about = { takenAt: '', machine: '', concurrency: 1, seconds: 1 };
const compare = (contenders: readonly string[], atLeast: number | null = null) =>
  resultOf(
    {
      name: 'check-http',
      title: '',
      concurrency: 1,
      cores: 'server-alone',
      contenders: {},
      comparisons: [throughputRatio('ours', 'floor', atLeast)],
    },
    contenders.map((name) => ({ name, title: name })),
    rounds,
    about,
  ).comparisons;

describe('a comparison', () => {
  it('is made within each round, so a slow round does not count as a slow contender', () =>
    expect(compare(['ours', 'floor'])).toMatchObject([{ median: 0.6, min: 0.5, max: 0.8, met: null }]));
  it('by CPU is the inverse of the times that both took', () => {
    const round: Round = new Map([
      ['ours', figures(1, 80)],
      ['floor', figures(1, 20)],
    ]);
    expect(throughputRatio('ours', 'floor').byCpu?.(round)).toBe(0.25);
  });
  it('of costs is the inverse of one of throughputs, and by CPU that of the times', () => {
    const round: Round = new Map([
      ['ours', figures(100, 30)],
      ['floor', figures(200, 20)],
    ]);
    const cost = costRatio('ours', 'floor', 1.15);
    expect([cost.of(round), cost.byCpu?.(round)]).toEqual([2, 1.5]);
  });
  it('says whether the median meets the aim', () => {
    expect(compare(['ours', 'floor'], 0.6)).toMatchObject([{ met: true }]);
    expect(compare(['ours', 'floor'], 0.61)).toMatchObject([{ met: false }]);
  });
  it('with a contender that was left out is left out too', () =>
    expect(
      resultOf(
        {
          name: 'check-http',
          title: '',
          concurrency: 1,
          cores: 'server-alone',
          contenders: {},
          comparisons: [throughputRatio('ours', 'another')],
        },
        [{ name: 'ours', title: '' }],
        rounds,
        about,
      ).comparisons,
    ).toEqual([]));
});

it('a table is text in columns, or Markdown', () => {
  const rows = [
    ['name', 'n'],
    ['a', '1'],
  ];
  expect(tableText(rows, false)).toBe('  name  n\n  a     1');
  expect(tableText(rows, true)).toBe('| name | n   |\n| ---- | --- |\n| a    | 1   |');
});
