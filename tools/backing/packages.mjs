// Installs programs from the system's packages, where that is possible without asking anybody.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './process.mjs';

const run = promisify(execFile);
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const install = (...args) => run('apt-get', args, { env, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 });

const ofServices = ', or start Docker, or give the address of a running one (see docs)';

/**
 * Makes sure that `program` is there, from the package `name`. Says what to do by hand where it cannot, and what one may do instead.
 * `isThere`: whether it is on the PATH when absent.
 */
export async function ensureProgram(program, options) {
  const { name, title, progress, isThere = () => onPath(program), instead = ofServices } = options;
  if (await isThere()) return { installed: false };
  if (process.getuid?.() !== 0 || !(await onPath('apt-get'))) {
    throw new Error(`${title} is needed: install the package "${name}"${instead}.`);
  }
  progress(`Installing ${title} from the system's packages …`);
  await install('update', '-qq');
  await install('install', '-y', '--no-install-recommends', name);
  return { installed: true };
}

/** Debian starts a service with its package. We asked for the program only. */
export const stopSystemService = (name) => run('service', [name, 'stop']).catch(() => undefined);
