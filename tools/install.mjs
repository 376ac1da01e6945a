// Dependencies, on a fresh clone and after a change of the lock file. Uses Node's own modules only: there may be no other yet.
import { spawnSync } from 'node:child_process';
import { statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** npm's own note of what it installed. */
const installed = path.join(root, 'node_modules/.package-lock.json');
const modifiedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function ensureInstalled() {
  if (modifiedMs(installed) >= modifiedMs(path.join(root, 'package-lock.json'))) return;
  console.log('Installing dependencies …');
  // `ci` refuses a lock file that was made on another platform and lacks some optional package of this one; `install` mends that.
  if (!npm('ignore', 'ci') && !npm('inherit', 'install', '--no-save')) {
    throw new Error('the dependencies could not be installed');
  }
  utimesSync(installed, new Date(), new Date());
}

const npm = (output, ...args) =>
  spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', output, output],
    shell: process.platform === 'win32',
  }).status === 0;
