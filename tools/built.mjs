// Compiles when a source is newer than what was compiled last.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './install.mjs';

const code = [
  'apps',
  'libs',
  'packages',
  'examples',
  'tools/certificates',
  'tools/cluster',
  'tools/compose',
  'tools/openapi',
  'bench',
];
const compiler = ['tools/build.mjs', 'tools/swc', 'tsconfig.base.json'];

export function ensureBuilt() {
  const built = statSync(path.join(root, 'dist/.built'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (![...code, ...compiler].some((name) => isNewer(path.join(root, name), built))) return;
  console.log('Building …');
  const { status } = spawnSync(process.execPath, ['tools/build.mjs'], { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  console.error('The build failed; above is why.');
  process.exit(1);
}

/** A folder's own time counts too: it changes when a file in it is removed. */
function isNewer(name, sinceMs) {
  const info = statSync(name, { throwIfNoEntry: false });
  if (info === undefined) return false;
  if (info.mtimeMs > sinceMs) return true;
  if (!info.isDirectory()) return false;
  return readdirSync(name).some((entry) => entry !== 'node_modules' && isNewer(path.join(name, entry), sinceMs));
}
