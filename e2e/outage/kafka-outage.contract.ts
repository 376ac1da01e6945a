import { report } from '@latchkey/testing';
import { startCrashCluster, type CrashCluster } from '../crash/crash-cluster';
import { wronglyAudited, wronglyPublished } from '../crash/invariants';
import { readSource } from '../crash/observe';
import { violations } from '../crash/verdict';
import { decidedOn, wrongRecord, type DecisionLog } from './decision-log';
import { decisionLog, outageRun, type OutageResult, type OutageRun } from './kafka-outage';
import { outageReport } from './outage-report';

/** Without the one in the middle. */
const withoutOne = <Item>(items: readonly Item[]): readonly Item[] =>
  items.filter((_, place) => place !== Math.floor(items.length / 2));

/** Kafka hangs, then is dead, then comes back, under load. */
export function describeKafkaOutage(title: string, run: OutageRun): void {
  const durationMs = Object.values(run).reduce((sum, ms) => sum + ms, 0);
  describe(title, () => {
    let cluster: CrashCluster;
    let result: OutageResult;
    let log: DecisionLog;

    beforeAll(async () => {
      cluster = await startCrashCluster({ own: ['kafka'] });
      result = await outageRun(cluster, run);
      report(outageReport(title, result));
    }, durationMs + 120_000);
    afterAll(() => cluster?.stop(), 60_000);

    it('every check and every command is answered as ever', () => {
      expect(result.failures).toEqual([]);
      expect(result.audited).toBe(false);
    });

    it(
      'afterwards every event is in the audit, gapless and in order, and nothing is missing anywhere',
      async () => {
        expect(await violations(cluster, result.history, 30_000 + 2 * durationMs)).toEqual([]);
        // The same comparison sees what is not there.
        const source = await readSource(cluster, 'issuance');
        expect(wronglyPublished({ ...source, published: withoutOne(source.published) })).not.toEqual([]);
        expect(wronglyAudited({ ...source, audited: withoutOne(source.audited) })).not.toEqual([]);
      },
      120_000 + 3 * durationMs,
    );

    it('every decision is recorded, and of no node a number is lost', async () => {
      log = await decisionLog(cluster);
      expect(wrongRecord(log)).toEqual([]);
      for (const { id, allowed } of result.checked) expect(decidedOn(id, log)).toEqual({ allowed });
    }, 120_000);

    it('a record without one of its batches would be told from this one', () => {
      expect(wrongRecord({ ...log, published: withoutOne(log.published) })).not.toEqual([]);
      expect(wrongRecord({ ...log, audited: withoutOne(log.audited) })).not.toEqual([]);
    });
  });
}
