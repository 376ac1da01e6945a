import { startCrashCluster, type CrashCluster } from './crash-cluster';
import { killerRun } from './killer';

const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('processes that are killed at random', () => {
  let cluster: CrashCluster;
  beforeAll(async () => {
    cluster = await startCrashCluster({ own: ['postgres'] });
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  it(`2,000 commands and 20 kills: none lost, none twice, every copy equal, no ended secret accepted (CRASH_SEED=${seed})`, async () => {
    const report = await killerRun(cluster, { seed, commands: 2_000, kills: 20, clients: 8, paceMs: 100 });
    expect(report.violations).toEqual([]);
    expect(report.unknown).toBe(0);
    expect(report.secretsEnded).toBeGreaterThan(500);
    expect(report.accepts).toBeGreaterThan(1_000);
    expect(Object.keys(report.kills)).toEqual([
      'audit',
      'enforcement-1',
      'enforcement-2',
      'identity',
      'issuance',
      'oauth',
      'postgres',
      'redis',
    ]);
  }, 600_000);
});
