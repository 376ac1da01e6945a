import { p99Ratio, throughputRatio, type Comparison, type Round } from '../contender';
import { latchkeyHttp } from '../contenders/http-peers';
import { besideSignIns } from '../contenders/sign-ins';
import type { Benchmark } from './benchmark';

const BESIDE = 'beside-sign-ins';

function signInsPerSecondIn(round: Round): number | undefined {
  const figures = round.get(BESIDE);
  return figures?.besides === undefined ? undefined : figures.besides / figures.seconds;
}

/** A round in which nobody could sign in says nothing about checks beside sign-ins. */
const whereSomebodySignedIn = (comparison: Comparison): Comparison => ({
  ...comparison,
  of: (round) => (signInsPerSecondIn(round) ? comparison.of(round) : undefined),
  byCpu: (round) => (signInsPerSecondIn(round) ? comparison.byCpu?.(round) : undefined),
});

export const signIns: Benchmark = {
  name: 'sign-ins',
  title: 'Checks over HTTP while people sign in',
  concurrency: 64,
  cores: 'two-cores',
  contenders: { latchkey: latchkeyHttp, [BESIDE]: besideSignIns },
  comparisons: [
    whereSomebodySignedIn(throughputRatio(BESIDE, 'latchkey', 0.7)),
    whereSomebodySignedIn(p99Ratio(BESIDE, 'latchkey', 2)),
    { title: 'sign-ins, right and wrong', unit: '/s', aim: null, of: signInsPerSecondIn },
  ],
};
