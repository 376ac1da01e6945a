import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDataDir } from './data-dir';
import { ConfigError } from './load-config';

describe('the data directory', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'latchkey-data-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is made with the folders above it, and may be there already', async () => {
    const dir = path.join(folder, 'a/b');
    await openDataDir(dir);
    await openDataDir(dir);
    expect((await stat(dir)).isDirectory()).toBe(true);
  });

  it.each(['file', 'file/below'])('that is no folder (%s) is refused by the name of its variable', async (name) => {
    await writeFile(path.join(folder, 'file'), '');
    const dir = path.join(folder, name);
    await expect(openDataDir(dir)).rejects.toThrow(ConfigError);
    await expect(openDataDir(dir)).rejects.toThrow(`LATCHKEY_DATA_DIR: ${dir} is no folder.`);
  });
});
