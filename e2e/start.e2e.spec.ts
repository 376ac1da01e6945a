import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, freePort, freshDatabase } from '@latchkey/testing';
import { call, callerOf } from './harness/http';
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

  describe('with a profile of the operator', () => {
    const EXAMPLES = path.resolve(__dirname, '../examples/profiles');

    it('makes keys of its form, grants its scopes and holds its limits', async () => {
      const database = await freshDatabase();
      const running = await start({
        DATABASE_URL: database.url,
        LATCHKEY_PROFILES_DIR: EXAMPLES,
        LATCHKEY_PROFILE: 'acme',
      });
      try {
        const asAdmin = callerOf(running.url, (await readFile(path.join(folder, 'admin-key'), 'utf8')).trim());
        const made = await asAdmin('POST', '/api/v1/api-keys', {
          name: 'shop',
          scopes: ['read:invoices', 'shop:manage'],
        });
        const { key, ...record } = made.json<{ key: string; scopes: readonly string[]; plan: string }>();
        expect([made.status, record]).toMatchObject([201, { scopes: ['read:invoices', 'shop:manage'], plan: 'free' }]);
        expect(key).toMatch(/^acme_live_[0-9A-Za-z]{43}$/);
        const check = (credential: string, scopes: readonly string[]) =>
          call(running.url, { method: 'POST', path: '/v1/check', body: { credential, scopes } });
        const allowed = await check(key, ['orders:write', 'invoices:read']);
        expect(allowed.json()).toMatchObject({
          status: 200,
          limits: [
            { name: 'minute', limit: 60 },
            { name: 'day', limit: 5_000 },
          ],
        });
        expect((await check(key, ['assets:read'])).json()).toMatchObject({ status: 403, reason: 'scope_missing' });
        await callerOf(running.url, key)('GET', `/api/v1/me?${key}`);
        expect(running.output()).not.toContain(key);
      } finally {
        await running.stop();
        await database.drop();
      }
    }, 60_000);

    it('that is wrong refuses to start, and names file, line and mistake', async () => {
      const file = path.join(folder, 'acme.yaml');
      const text = await readFile(path.join(EXAMPLES, 'acme.yaml'), 'utf8');
      await writeFile(file, text.replace('per_minute: 60', 'per_minute: often'));
      const line = text.split('\n').findIndex((each) => each.includes('per_minute: 60')) + 1;
      const { code, output } = await runProgram(STANDALONE, { LATCHKEY_PROFILES_DIR: folder });
      expect([code, output]).toEqual([
        1,
        expect.stringContaining(`${file}:${line}: "plans.0.per_minute" must be of type number`),
      ]);
    });
  });

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
