import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { handOut } from './hand-out';

describe('secrets of a composition', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-setup-'));
    await give();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const give = () => handOut({ folder, owner: process.getuid?.() ?? 0 });
  const read = (file: string) => readFile(path.join(folder, file), 'utf8');
  const everything = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const name = (entry: (typeof files)[number]) => path.relative(folder, path.join(entry.parentPath, entry.name));
    return Object.fromEntries(await Promise.all(files.map(async (file) => [name(file), await read(name(file))])));
  };

  it('goes to each container as far as that needs it, for its owner alone', async () => {
    expect((await readdir(path.join(folder, 'issuance'))).sort()).toEqual([
      'database-url',
      'master-key',
      'pepper',
      'redis-url',
    ]);
    expect(await readdir(path.join(folder, 'enforcement'))).toEqual(['redis-url']);
    expect((await stat(path.join(folder, 'issuance/pepper'))).mode & 0o777).toBe(0o400);
  });

  it('fits together', async () => {
    expect(new URL(await read('audit/database-url')).password).toBe(await read('postgres/password'));
    expect(new URL(await read('enforcement/redis-url')).password).toBe(await read('redis/password'));
    expect(await read('redis/redis.conf')).toBe(`requirepass ${await read('redis/password')}\n`);
    expect(await read('audit/master-key')).toBe(await read('issuance/master-key'));
  });

  it('is made once: a later start hands out the same again, and mends what is missing', async () => {
    const first = await everything();
    await rm(path.join(folder, 'audit'), { recursive: true });
    await give();
    expect(await everything()).toEqual(first);
  });
});
