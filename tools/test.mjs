// npm test: everything that is checked, on a fresh clone with Node alone. The last line is `N passed, N failed`.
// `--long`, which is npm run test:long, runs the long forms and keeps a report of them.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

const { values, positionals } = commandLine({
  usage: `usage: npm test [-- [<pattern> …] [-t <name>]]
       npm run test:long [-- [<pattern> …] [-t <name>]]

Brings up Postgres, Redis and Kafka, and runs everything that is checked; the last line is "N passed, N failed". npm run test:long runs the
long forms of the tests instead, and keeps a report in docs/reports.

  <pattern>   only files whose path matches, and no checks of types, format and lint
  -t <name>   only tests whose name matches

The narrower commands are in CONTRIBUTING.md. DATABASE_URL, REDIS_URL and KAFKA_BROKERS name services to use instead.`,
  options: {
    long: { type: 'boolean', default: false },
    testNamePattern: { type: 'string', short: 't' },
  },
  positionals: { max: Infinity },
});
ensureInstalled();
const { check, jest, counts, writeReport } = await import('./test-runs.mjs');
const { backingServices } = await import('./backing/backing.mjs');
const { testVariable } = await import('./backing/services.mjs');

const { long, testNamePattern } = values;
const passOn = [...positionals, ...(testNamePattern === undefined ? [] : [`--testNamePattern=${testNamePattern}`])];

if (!long && passOn.length === 0) {
  await check('Types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']);
  await check('Format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']);
  await check('Lint', ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'lint', '--outputStyle=static']);
  await check('Contract', ['tools/check-contract.mjs']);
  await check('OAuth', ['tools/check-conformance.mjs']);
}

try {
  ensureBuilt(); // for the tests of running processes
  await withBackingServices(async () => {
    if (long) {
      writeReport(await jest(['long'], ['--runInBand', ...passOn]));
    } else {
      await jest(['unit', 'int'], ['--maxWorkers=2', ...passOn]);
      await jest(['e2e'], ['--maxWorkers=2', ...passOn]);
      // These measure times or stop servers: one after another, with the machine for themselves.
      await jest(['fault'], ['--runInBand', ...passOn]);
    }
  });
} catch (error) {
  console.error(error);
  counts.failed += 1;
}

const { passed, failed } = counts;
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failed} failed`);

async function withBackingServices(use) {
  console.log('\n── Backing services');
  const services = await backingServices();
  for (const [variable, address] of Object.entries(services.addresses)) process.env[testVariable(variable)] = address;
  try {
    await use();
  } finally {
    await services.stop();
  }
}
