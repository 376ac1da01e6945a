import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, freePort, freshDatabase } from '@latchkey/testing';
import { Client } from 'pg';
import { call, callerOf } from './harness/http';
import { runProgram, startProgram } from './harness/program';
import { UndoStack } from './harness/undo-stack';

const START_MS = 120_000;
const SOON = { timeoutMs: 20_000 };

describe('npm run erase, beside a running service', () => {
  const undo = new UndoStack();
  let databaseUrl: string;
  let url: string;
  let adminKey: string;
  let database: Client;

  beforeAll(async () => {
    const fresh = await freshDatabase();
    undo.push(() => fresh.drop());
    databaseUrl = fresh.url;
    const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-e2e-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const program = await startProgram('apps/standalone/main.js', {
      ADMIN_PORT: String(await freePort()),
      DATABASE_URL: databaseUrl,
      LATCHKEY_DATA_DIR: folder,
      LATCHKEY_ADMIN_EMAIL: 'ada.lovelace@b.example',
    });
    undo.push(program.stop);
    url = program.url;
    adminKey = (await readFile(path.join(folder, 'admin-key'), 'utf8')).trim();
    database = new Client({ connectionString: databaseUrl, options: '-c search_path=identity' });
    await database.connect();
    undo.push(() => database.end());
  }, START_MS);
  afterAll(() => undo.undo(), START_MS);

  const erase = (id: string) => runProgram('apps/erase/main.js', { DATABASE_URL: databaseUrl }, [id]);
  const check = async () => (await callerOf(url, adminKey)('GET', '/api/v1/me')).status;
  const ownersId = async () =>
    (await database.query<{ id: string }>('SELECT owner_id AS id FROM first_workspace')).rows[0]?.id ?? '';

  it('refuses somebody unknown, and a workspace’s last owner', async () => {
    expect(await erase('nobody')).toEqual({ code: 1, output: 'There is no such user.\n' });
    expect(await erase(await ownersId())).toEqual({
      ...{ code: 1, output: 'The workspace would be left without an owner.\n' },
    });
    expect(await check()).toBe(200);
  }, 60_000);

  /** Users whom the audit's records of sign-ins are about. */
  const inRecords = async () =>
    (
      await database.query<{ id: string }>(
        'SELECT DISTINCT user_id AS id FROM audit.decision_parts WHERE user_id IS NOT NULL',
      )
    ).rows.map(({ id }) => id);

  it('ends a person’s keys before it answers, deletes who they were, and leaves every event as it was', async () => {
    await database.query(
      `INSERT INTO workspace_member SELECT workspace_id, 'somebody', 'owner', false, now() FROM first_workspace`,
    );
    const events = async () => (await database.query('SELECT * FROM events ORDER BY event_id')).rows;
    const login = { email: 'ada.lovelace@b.example', password: 'not hers' };
    await call(url, { method: 'POST', path: '/api/v1/sessions', body: login });
    await eventually(async () => expect(await inRecords()).toEqual([await ownersId()]), SOON);
    const [id, before] = [await ownersId(), await events()];
    expect(await erase(id)).toEqual({ code: 0, output: `{"user_id":"${id}","erased":true}\n` });
    expect(await check()).toBe(401);
    expect((await database.query('SELECT FROM user_contact')).rowCount).toBe(0);
    expect((await events()).slice(0, before.length)).toEqual(before);
    await eventually(async () => expect(await inRecords()).toEqual([]), SOON);
  }, 60_000);
});
