// A Python with what a list here names: `node tools/python/environment.mjs [<list>]` makes it, if it is not there yet, and writes the path of
// its interpreter; what it does meanwhile goes to stderr. Without a name: that of the tests of real OAuth clients.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureProgram } from '../backing/packages.mjs';

const run = promisify(execFile);
const folder = path.dirname(fileURLToPath(import.meta.url));
const [list = 'requirements'] = process.argv.slice(2);
const requirements = path.join(folder, `${list}.txt`);
const cache = path.resolve(folder, '../../.cache');
const INSTALL_MS_MAX = 600_000;

/** Debian has these two in a package of their own. */
const makesEnvironments = () =>
  run('python3', ['-c', 'import ensurepip, venv']).then(
    () => true,
    () => false,
  );

async function pythonEnvironment(progress) {
  const options = {
    name: 'python3-venv',
    title: 'Python with venv',
    instead: '',
    isThere: makesEnvironments,
    progress,
  };
  await ensureProgram('python3', options);
  const target = path.join(cache, `python-${await digest()}`);
  if (!(await stat(target).catch(() => undefined))) await make(target, progress);
  return path.join(target, 'bin/python');
}

/** An environment is of one Python and of one list. */
async function digest() {
  const { stdout: version } = await run('python3', ['-c', 'import sys; print(sys.executable, sys.version)']);
  return createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 8);
}

/** Half an environment never counts as one. */
async function make(target, progress) {
  progress(`Installing ${list} for Python …`);
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(`${target}.partial-`);
  try {
    await run('python3', ['-m', 'venv', partial]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    const locked = ['--require-hashes', '--no-deps', '--only-binary', ':all:', '--requirement', requirements];
    await run(path.join(partial, 'bin/python'), [...pip, ...locked], { timeout: INSTALL_MS_MAX });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

console.log(await pythonEnvironment((line) => console.error(line)));
