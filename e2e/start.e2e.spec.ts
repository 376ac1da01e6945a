import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, freePort, freshDatabase } from '@latchkey/testing';
import { callerOf } from './harness/http';
import { runProgram, startProgram } from './harness/program';

const STANDALONE = 'apps/standalone/main.js';

describe('the standalone program', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-e2e-'));
    await chmod(folder, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = async (variables: Readonly<Record<string, string>> = {}) =>
    startProgram(STANDALONE, { LATCHKEY_DATA_DIR: folder, ADMIN_PORT: String(await freePort()), ...variables });

  it('starts on its own Postgres, keeps the admin key where only its owner can read it, and finds everything again after a stop', async () => {
    const first = await start();
    const keyFile = path.join(folder, 'admin-key');
    const adminKey = (await readFile(keyFile, 'utf8')).trim();
    await eventually(() => expect(first.output()).toContain(`latchkey standalone ready http=${first.url}`));
    // Its output goes to a pipe here, not to a terminal: that is a log, which says where the key is and not what it is.
    await eventually(() => expect(first.output()).toContain(keyFile));
    expect(first.output()).not.toContain(adminKey);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const made = await callerOf(first.url, adminKey)('POST', '/api/v1/api-keys', {
      name: 'kept',
      scopes: ['assets:read'],
    });
    expect(made.status).toBe(201);
    expect(await first.stop()).toBe(0);

    const second = await start();
    const { key } = made.json<{ key: string }>();
    for (const credential of [adminKey, key]) {
      const { status } = await callerOf(second.url, credential)('GET', '/api/assets');
      expect(status).toBe(200);
    }
    for (const secret of [adminKey, key]) expect(second.output()).not.toContain(secret);
    expect(await second.stop()).toBe(0);
  }, 60_000);

  it('is refused a database that another standalone process uses', async () => {
    const database = await freshDatabase();
    const running = await start({ DATABASE_URL: database.url });
    const other = await mkdtemp(path.join(tmpdir(), 'latchkey-e2e-'));
    try {
      const { code, output } = await runProgram(STANDALONE, {
        LATCHKEY_DATA_DIR: other,
        PORT: '0',
        ADMIN_PORT: '0',
        DATABASE_URL: database.url,
      });
      expect([code, output]).toEqual([1, expect.stringContaining('DATABASE_URL')]);
    } finally {
      await running.stop();
      await database.drop();
      await rm(other, { recursive: true });
    }
  }, 60_000);

  it.each([
    ['HOST', '0.0.0.0'],
    ['PORT', '99999'],
    ['LATCHKEY_PROFILE', 'nobody'],
    ['LATCHKEY_PEPPER', 'short'],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['TRUSTED_PROXIES', 'everybody'],
    ['LATCHKEY_PROFLIE', 's4e'],
  ])('refuses to start with %s=%s, and names the variable', async (name, value) => {
    const database = await freshDatabase();
    try {
      const { code, output } = await runProgram(STANDALONE, {
        LATCHKEY_DATA_DIR: folder,
        PORT: '0',
        ADMIN_PORT: '0',
        DATABASE_URL: database.url,
        [name]: value,
      });
      expect([code, output]).toEqual([1, expect.stringContaining(name)]);
    } finally {
      await database.drop();
    }
  });
});
