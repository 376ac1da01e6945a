import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expectRevocationHeld, faultRun, type FaultReport } from './testing/fault-run';

const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const reports = path.resolve(__dirname, '../../docs/reports');

describe('revocation under faults, for long', () => {
  it('no check that begins after an acknowledged revoke passes: 2,000,000 accepts, 300 faults', async () => {
    const aims = { accepts: 2_000_000, acceptsFromCache: 500_000, faults: 300 };
    const report = await faultRun({ ...aims, leaseMs: 250, seed, timeoutMs: 3_500_000 });
    await mkdir(reports, { recursive: true });
    await writeFile(path.join(reports, 'fault-test.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(path.join(reports, 'fault-test.md'), inWords(report));
    expectRevocationHeld(report, aims);
  }, 3_600_000);
});

const inWords = (report: FaultReport) => `# Fault test of revocation

Three enforcement nodes, six revokers and two owners on real Redis and Postgres, while Redis is flushed, killed, paused, cut off from
an owner and failed over in turn (\`libs/live-state/testing/fault-run.ts\`). A violation is an accept of a check that began after the
revoke was acknowledged.

| | |
|---|---|
| **violations** | **${report.violations.length}** |
| accepts | ${inThousands(report.accepts)} |
| of them from Redis alone | ${inThousands(report.acceptsFromCache)} |
| checks | ${inThousands(report.checks)} |
| answered \`unavailable\` | ${inThousands(report.unavailable)} |
| revokes acknowledged (keys) | ${inThousands(report.keysRevoked)} |
| of them accepted before | ${inThousands(report.keysAcceptedBefore)} |
${Object.entries(report.faults)
  .map(([fault, count]) => `| faults: ${fault} | ${count} |`)
  .join('\n')}
| seconds | ${report.seconds} |
| seed | ${report.seed} |
`;

const inThousands = (count: number) => count.toLocaleString('en-US');
