import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BENCHMARK_NAMES } from '../bench/benchmark-names';

const root = path.join(__dirname, '..');
const COMMANDS = [
  'tools/start.mjs',
  'tools/cluster.mjs',
  'tools/rebuild.mjs',
  'tools/erase.mjs',
  'tools/rotate-session-key.mjs',
  'tools/rotate-signing-key.mjs',
  'tools/remove-second-factors.mjs',
  'tools/test.mjs',
  'tools/test.mjs --long',
  'bench/run.mjs',
];

describe('a command on a fresh clone, where nothing is installed', () => {
  let clone: string;
  beforeAll(() => {
    clone = mkdtempSync(path.join(tmpdir(), 'latchkey-clone-'));
    for (const folder of ['tools', 'bench']) {
      for (const file of readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.mjs'))) {
        cpSync(path.join(root, folder, file), path.join(clone, folder, file));
      }
    }
  });
  afterAll(() => rmSync(clone, { recursive: true }));
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: clone, encoding: 'utf8' });

  it.each(COMMANDS)('%s explains itself at once, and does nothing', (command) => {
    for (const flag of ['--help', '-h']) {
      expect(run(...command.split(' '), flag)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^usage: npm /),
        stderr: '',
      });
    }
    expect(readdirSync(clone)).toEqual(['bench', 'tools']);
  });

  it.each(COMMANDS)('%s refuses an option that it does not take, by its name', (command) => {
    expect(run(...command.split(' '), '--prot=1')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Unknown option '--prot'\.\n\nusage: npm /),
    });
  });

  it.each([
    [['tools/start.mjs', '9000'], "Unexpected argument '9000'"],
    [['tools/rebuild.mjs'], 'An argument is missing'],
    [['tools/erase.mjs'], 'An argument is missing'],
    [['tools/rebuild.mjs', 'key_list', 'more'], "Unexpected argument 'more'"],
    [['bench/run.mjs', '--rounds'], "Option '--rounds <value>' argument missing"],
  ])('%j is refused', (command, message) => {
    expect(run(...command)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });

  it('the bench names every benchmark', () => {
    expect(run('bench/run.mjs', '--help').stdout).toContain(`of ${BENCHMARK_NAMES.join(', ')}, separated`);
  });
});
