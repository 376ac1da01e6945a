// Dependencies, on a fresh clone and after a change of the lock file. Uses Node's own modules only: there may be no other yet.
import { spawnSync } from 'node:child_process';
import { statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const modifiedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** @param {string} [folder] of the package; the root's when absent */
export function ensureInstalled(folder = root) {
  /** npm's own note of what it installed. */
  const installed = path.join(folder, 'node_modules/.package-lock.json');
  if (modifiedMs(installed) >= modifiedMs(path.join(folder, 'package-lock.json'))) return;
  const what = path.relative(root, folder);
  console.log(`Installing dependencies${what && ` of ${what}`} …`);
  const npm = npmIn(folder);
  // `ci` refuses a lock file that was made on another platform and lacks some optional package of this one; `install` mends that.
  if (!npm('ignore', 'ci') && !npm('inherit', 'install', '--no-save')) {
    console.error('The dependencies could not be installed; above is what npm says.');
    process.exit(1);
  }
  utimesSync(installed, new Date(), new Date());
}

const npmIn =
  (folder) =>
  (output, ...args) =>
    spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', output, output],
      shell: process.platform === 'win32',
    }).status === 0;
