import { p99Ratio, throughputRatio, type Comparison, type Round } from '../contender';
import { latchkeyHttp } from '../contenders/http-peers';
import { besideIssuing } from '../contenders/issuing';
import type { Benchmark } from './benchmark';

const BESIDE = 'beside-issuing';
const FLOOD = 'beside-a-flood';
/** So many are asked for by 720,000 clients, each of which asks for its next one every hour. */
const TOKENS_PER_SECOND = 200;

const issuedBeside = (name: string): Comparison => ({
  title: `tokens issued ${name.replaceAll('-', ' ')}`,
  unit: '/s',
  aim: null,
  of: (round: Round) => {
    const figures = round.get(name);
    return figures?.besides === undefined ? undefined : figures.besides / figures.seconds;
  },
});

export const issuing: Benchmark = {
  name: 'issuing',
  title: 'Checks over HTTP while access tokens are issued',
  concurrency: 64,
  cores: 'two-cores',
  contenders: {
    latchkey: latchkeyHttp,
    [BESIDE]: (world) => besideIssuing(world, TOKENS_PER_SECOND),
    [FLOOD]: (world) => besideIssuing(world, null),
  },
  comparisons: [
    throughputRatio(BESIDE, 'latchkey', 0.7),
    p99Ratio(BESIDE, 'latchkey', 2),
    issuedBeside(BESIDE),
    throughputRatio(FLOOD, 'latchkey'),
    issuedBeside(FLOOD),
  ],
};
