import { eventually } from '@latchkey/testing';
import { Client } from 'pg';
import { call } from '../harness/http';
import { OWNER } from '../harness/system';
import { processOf, startCrashCluster, type CrashCluster } from './crash-cluster';

/** As many as an account takes in an hour, a third of them from each address. */
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const WRONG_FROM_EACH = 10;
/** Passwords are hashed with lower priority than all else, so thirty of them take their time where the machine is busy. */
const HASHING_MS = 300_000;

describe('an account that is locked', () => {
  let cluster: CrashCluster;
  beforeAll(async () => {
    cluster = await startCrashCluster({ env: { LATCHKEY_ADMIN_PASSWORD: OWNER.password } });
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  /** Past the edge, which believes nobody who says where a call comes from. */
  const signInFrom = (ip: string, password: string) =>
    call(processOf(cluster, 'identity').url, {
      method: 'POST',
      path: '/api/v1/sessions',
      headers: { 'x-forwarded-for': ip },
      body: { email: OWNER.email, password },
    });
  const statusFrom = async (ip: string) => (await signInFrom(ip, OWNER.password)).status;
  /** With what is done while none of them runs, and Redis has nothing of what it had. */
  const restartEverything = async (meanwhile: () => Promise<void> = async () => undefined) => {
    const processes = [...cluster.processes.values()];
    await Promise.all(processes.map((each) => each.kill()));
    await cluster.redis.restart();
    await meanwhile();
    await Promise.all(processes.map((each) => each.start()));
  };
  const query = async (statement: string): Promise<number> => {
    const client = new Client({ connectionString: cluster.databaseUrl, options: '-c search_path=identity' });
    await client.connect();
    try {
      return (await client.query(statement)).rowCount ?? 0;
    } finally {
      await client.end();
    }
  };

  it(
    'takes the right password no more, from wherever it comes',
    async () => {
      for (const ip of ADDRESSES) {
        for (let tried = 0; tried < WRONG_FROM_EACH; tried += 1) {
          expect((await signInFrom(ip, `${OWNER.password}!`)).status).toBe(401);
        }
      }
      expect(await statusFrom('192.0.2.9')).toBe(429);
      // Written down beside the answer.
      await eventually(async () => {
        expect(await query(`SELECT FROM events WHERE type = 'latchkey.user.account_locked.v1'`)).toBe(1);
      });
    },
    HASHING_MS,
  );

  it('stays locked when every process was killed and started again, and Redis has lost all', async () => {
    await restartEverything();
    const refused = await signInFrom('192.0.2.10', OWNER.password);
    expect([refused.status, Number(refused.headers['retry-after']) > 60]).toEqual([429, true]);
  }, 120_000);

  it('would be open, if attempts were kept where they go with the processes', async () => {
    await restartEverything(async () => void (await query('TRUNCATE attempt_budget')));
    expect(await statusFrom('192.0.2.11')).toBe(201);
  }, 120_000);
});
