import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startCrashCluster, type CrashCluster } from './crash-cluster';
import { killerRun, type KillerReport } from './killer';

const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const reports = path.resolve(__dirname, '../../docs/reports');

describe('processes that are killed at random, for long', () => {
  let cluster: CrashCluster;
  beforeAll(async () => {
    cluster = await startCrashCluster({ own: ['postgres', 'kafka'] });
  }, 180_000);
  afterAll(() => cluster?.stop(), 60_000);

  it('100,000 commands and 500 kills: none lost, none twice, every copy equal, no ended secret accepted', async () => {
    const report = await killerRun(cluster, { seed, commands: 100_000, kills: 500, clients: 24, paceMs: 50 });
    await mkdir(reports, { recursive: true });
    await writeFile(path.join(reports, 'crash-test.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(path.join(reports, 'crash-test.md'), inWords(report));
    expect(report.violations).toEqual([]);
    expect(report.unknown).toBe(0);
  }, 7_200_000);
});

const rows = (title: string, counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `| ${title}: ${name} | ${inThousands(count)} |`)
    .join('\n');

const inWords = (report: KillerReport) => `# Crash test

Twenty-four clients make, change, rotate and revoke keys over HTTP while processes are killed with SIGKILL in turn and started again, two at a
time, and every secret is tried at every node of enforcement all along (\`e2e/crash/killer.ts\`). What counts as a violation is in
\`e2e/crash/invariants.ts\` and \`history.ts\`; [crashes](../crashes.md) says why there is none.

| | |
|---|---|
| **violations** | **${report.violations.length}** |
${rows('commands', report.commands)}
| of them without an answer | ${report.unknown} |
${rows('kills', report.kills)}
| checks | ${inThousands(report.checks)} |
| accepts | ${inThousands(report.accepts)} |
| secrets ended | ${inThousands(report.secretsEnded)} |
| seconds | ${report.seconds} |
| seed | ${report.seed} |
`;

const inThousands = (count: number) => count.toLocaleString('en-US');
