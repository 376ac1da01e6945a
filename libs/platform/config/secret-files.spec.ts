import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from './load-config';
import { secretFromDataDir } from './secret-files';

describe('a secret of the data directory', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('is 32 random bytes, made once, for its owner alone', async () => {
    const first = await secretFromDataDir(dataDir, 'pepper');
    expect(first.reveal()).toMatch(/^[0-9a-f]{64}$/);
    expect((await secretFromDataDir(dataDir, 'pepper')).reveal()).toBe(first.reveal());
    expect((await secretFromDataDir(dataDir, 'master-key')).reveal()).not.toBe(first.reveal());
    expect((await stat(path.join(dataDir, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(dataDir, 'secrets', 'pepper'))).mode & 0o777).toBe(0o600);
  });

  it('is one and the same for all who start at once', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => secretFromDataDir(dataDir, 'pepper')));
    expect(new Set(secrets.map((secret) => secret.reveal())).size).toBe(1);
    expect(await readdir(path.join(dataDir, 'secrets'))).toEqual(['pepper']);
  });

  it('is refused when others can read it, and when it was changed', async () => {
    await secretFromDataDir(dataDir, 'pepper');
    const file = path.join(dataDir, 'secrets', 'pepper');
    await chmod(file, 0o644);
    await expect(secretFromDataDir(dataDir, 'pepper')).rejects.toThrow(ConfigError);
    await chmod(file, 0o600);
    await writeFile(file, 'short');
    await expect(secretFromDataDir(dataDir, 'pepper')).rejects.toThrow(ConfigError);
  });
});
