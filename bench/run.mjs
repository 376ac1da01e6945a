// npm run bench: Latchkey beside its floors and its peers. `npm run bench -- --help` says more.
import { createRequire } from 'node:module';
import path from 'node:path';
import { ensureBuilt } from '../tools/built.mjs';
import { commandLine, refuse } from '../tools/command-line.mjs';
import { ensureInstalled, root } from '../tools/install.mjs';

const usage = `usage: npm run bench [-- <options>]

  --only <names>        of check-http, check-grpc, check-alone, append, sign-ins, tokens, issuing, keys, separated by
                        commas; all when absent
  --contenders <names>  of those of a benchmark; all when absent
  --profile <name>      where the time of that benchmark's servers goes, instead of a comparison
  --rounds <n>          5
  --seconds <n>         3: of load, per contender and round
  --warm-up <n>         1: seconds of load before that
  --concurrency <n>     calls at once; what the benchmark says when absent
  --keys <n>            so many keys take turns, 4000 when absent, so that no limit is reached; of "keys": so many there
                        are, 1000000 when absent
  --markdown            tables for docs/performance.md

What is measured is written to bench/results/<name>.json.`;
const { values } = commandLine({
  usage,
  options: {
    only: { type: 'string' },
    contenders: { type: 'string' },
    profile: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '1' },
    concurrency: { type: 'string' },
    keys: { type: 'string' },
    markdown: { type: 'boolean', default: false },
  },
});
ensureInstalled();
ensureInstalled(path.join(root, 'bench'));
ensureBuilt();
const require = createRequire(import.meta.url);
const { optionsFrom } = require('../dist/bench/options.js');
const { runBenchmarks } = require('../dist/bench/main.js');
const { backingServices } = await import('../tools/backing/backing.mjs');

const options = understood();

// Of its own: what is shared with other programs could neither be pinned nor left alone.
const backing = await backingServices({ own: true });
const givenUp = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => givenUp.abort());
try {
  await runBenchmarks({
    ...options,
    databaseUrl: backing.addresses.DATABASE_URL,
    redisUrl: backing.addresses.REDIS_URL,
    kafkaBrokers: backing.addresses.KAFKA_BROKERS.split(','),
    root,
    signal: givenUp.signal,
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await backing.stop();
}
process.exit();

function understood() {
  try {
    return optionsFrom(values);
  } catch (error) {
    return refuse(error.message, usage);
  }
}
