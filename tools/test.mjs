// npm test: everything that is checked, on a fresh clone with Node alone. The last line is `N passed, N failed`.
// npm test -- <pattern> runs only the tests that match, as Jest takes it; `--long` runs the long forms and keeps a report of them.
import { ensureBuilt } from './built.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
const { check, jest, counts, writeReport } = await import('./test-runs.mjs');
const { backingServices } = await import('./backing/backing.mjs');
const { testVariable } = await import('./backing/services.mjs');

const long = process.argv.includes('--long');
const passOn = process.argv.slice(2).filter((argument) => argument !== '--long');

if (!long && passOn.length === 0) {
  await check('Types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']);
  await check('Format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']);
  await check('Lint', ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'lint', '--outputStyle=static']);
  await check('Contract', ['tools/check-contract.mjs']);
}

try {
  ensureBuilt(); // for the tests of running processes
  await withBackingServices(async () => {
    if (long) {
      writeReport(await jest(['long'], ['--runInBand', ...passOn]));
    } else {
      await jest(['unit', 'int'], ['--maxWorkers=2', ...passOn]);
      // These measure times or stop servers: one after another, with the machine for themselves.
      await jest(['fault', 'e2e'], ['--runInBand', ...passOn]);
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
