// Runs the checks and the tests, and counts them.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './install.mjs';
import { run } from './run.mjs';

/** What has not ended by then hangs; on a machine that does something else as well, all takes longer. */
const runMinutesMax = 40;
const longRunMinutesMax = 180;
const folder = mkdtempSync(path.join(os.tmpdir(), 'latchkey-test-'));
/** Long tests append what they measured to this file, by `report` of the testing library. */
const reportPart = path.join(folder, 'measured.md');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What the last line says: tests of all runs, and one for each check. */
export const counts = { passed: 0, failed: 0 };

/** A program that passes by ending with 0. */
export async function check(title, args) {
  console.log(`\n── ${title}`);
  counts[(await ended(args)) ? 'passed' : 'failed'] += 1;
}

/** The tests of these Jest projects. A file that does not even load is one failure, and so is a run that does not end. */
export async function jest(projects, args) {
  console.log(`\n── Tests: ${projects.join(', ')}`);
  const output = path.join(folder, `${projects.join('-')}.json`);
  const report = ['--json', `--outputFile=${output}`, '--passWithNoTests', '--forceExit'];
  const program = ['node_modules/jest/bin/jest.js', '--selectProjects', ...projects];
  const minutesMax = projects.includes('long') ? longRunMinutesMax : runMinutesMax;
  const hasEnded = await ended([...program, ...report, ...args], minutesMax);
  const result = resultIn(output);
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  counts.passed += result.numPassedTests;
  counts.failed += hasEnded ? failed : Math.max(1, failed);
  return result;
}

const nothing = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [] };
const resultIn = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : nothing);

const variables = { NX_DAEMON: 'false', NX_TUI: 'false', LATCHKEY_TEST_REPORT: reportPart };

/** Whether it ended in time, with 0. */
const ended = (args, minutesMax = runMinutesMax) =>
  run(args, { timeoutMs: minutesMax * 60_000, env: { ...process.env, ...variables } });

/** docs/reports/<day>-long.md: the machine, what ran and how long it took, and what was measured; each run of a day below the one before. */
export function writeReport({ testResults }) {
  const now = new Date().toISOString();
  const [day, time] = [now.slice(0, 10), now.slice(11, 16)];
  const file = path.join(root, 'docs/reports', `${day}-long.md`);
  const [cpu] = os.cpus();
  const machine = `${os.cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()}, Node ${process.version}`;
  const rows = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ fullName, status, duration }) => `| ${fullName} | ${status} | ${Math.round((duration ?? 0) / 1_000)} s |`);
  const table = ['| guarantee | outcome | time |', '| --- | --- | --- |', ...rows];
  mkdirSync(path.dirname(file), { recursive: true });
  const measured = existsSync(reportPart) ? readFileSync(reportPart, 'utf8') : '';
  const earlier = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : `# Long tests, ${day}`;
  writeFileSync(file, [earlier, '', `## Ended at ${time} UTC`, '', machine, '', ...table, '', measured].join('\n'));
  console.log(`Report: ${path.relative(root, file)}`);
}
