import { p99Ratio, throughputRatio, type Comparison } from '../contender';
import { latchkeyHttp } from '../contenders/http-peers';
import { besideSignIns } from '../contenders/sign-ins';
import type { Benchmark } from './benchmark';

const BESIDE = 'beside-sign-ins';

const signInsPerSecond: Comparison = {
  title: 'sign-ins, right and wrong',
  unit: '/s',
  aim: null,
  of: (round) => {
    const figures = round.get(BESIDE);
    return figures?.besides === undefined ? undefined : figures.besides / figures.seconds;
  },
};

export const signIns: Benchmark = {
  name: 'sign-ins',
  title: 'Checks over HTTP while people sign in',
  concurrency: 64,
  cores: 'two-cores',
  contenders: { latchkey: latchkeyHttp, [BESIDE]: besideSignIns },
  comparisons: [throughputRatio(BESIDE, 'latchkey', 0.7), p99Ratio(BESIDE, 'latchkey', 2), signInsPerSecond],
};
