// Compiles every TypeScript file into dist/, keeping the tree. Types are checked separately (`npm run typecheck`).
import { transformFile } from '@swc/core';
import { cp, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import options from './swc/options.cjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
/** Takes the place of `dist` when it is complete: a failed build leaves the last good one. */
const out = path.join(root, '.cache', `dist-${process.pid}`);
const startedAt = new Date();
const isTest = (file) => /\.(spec|contract)\.ts$/.test(file);
/** Read at run time beside the code that needs them. */
const isAsset = (file) => /\.(proto|lua|sql|json|mjs|cjs)$/.test(file) && path.basename(file) !== 'project.json';

async function* files(folder) {
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* files(name);
    else if (entry.isFile()) yield name;
  }
}

for (const folder of [
  'libs',
  'packages',
  'apps',
  'examples',
  'tools/certificates',
  'tools/cluster',
  'tools/compose',
  'tools/openapi',
  'bench',
]) {
  for await (const file of files(folder)) {
    const target = path.join(out, file);
    if (isAsset(file)) {
      await mkdir(path.dirname(target), { recursive: true });
      await cp(path.join(root, file), target);
    } else if (file.endsWith('.ts') && !isTest(file)) {
      const js = target.replace(/\.ts$/, '.js');
      const { code, map } = await transformFile(path.join(root, file), options);
      await mkdir(path.dirname(js), { recursive: true });
      await writeFile(js, `${code}\n//# sourceMappingURL=${path.basename(js)}.map\n`);
      await writeFile(`${js}.map`, map);
    }
  }
}
const stamp = path.join(out, '.built');
await writeFile(stamp, '');
await utimes(stamp, startedAt, startedAt); // a source that changed meanwhile is newer
await rm(dist, { recursive: true, force: true });
await rename(out, dist);
