// npm run bench: Latchkey beside its floors and its peers. `npm run bench -- --help` says more.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt } from '../tools/built.mjs';
import { ensureInstalled, root } from '../tools/install.mjs';

ensureInstalled();
ensureInstalled(path.join(root, 'bench'));
ensureBuilt();
const require = createRequire(import.meta.url);
const { readOptions } = require('../dist/bench/options.js');
const { runBenchmarks } = require('../dist/bench/main.js');
const { backingServices } = await import('../tools/backing/backing.mjs');

const options = readOptions(process.argv.slice(2));

/** The first core is for the server that is measured; everything else, what is started below included, shares the others. */
const pinned =
  os.cpus().length > 1 &&
  spawnSync('taskset', ['-acp', `1-${os.cpus().length - 1}`, String(process.pid)], { stdio: 'ignore' }).status === 0;

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
    pinned,
    signal: givenUp.signal,
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await backing.stop();
}
process.exit();
