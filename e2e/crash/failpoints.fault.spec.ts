import type { Failpoint } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { processOf, startCrashCluster, type CrashCluster } from './crash-cluster';
import { arm, ARM_FAILPOINTS, FAILPOINT_ACTIONS } from './failpoints';
import { History } from './history';
import { refusedCommands } from './invariants';
import { KeyClient } from './key-client';
import { SecretChecker } from './secret-checker';
import { unansweredRevoke } from './unanswered-revoke';
import { violations } from './verdict';

/** Longer than a lease, and than an owner's answer may be put into Redis. */
const PAUSE_MS = 1_500;

/** The process that is made to fail. The compiler keeps the list complete. */
const FAILS_AT: Readonly<Record<Failpoint, string>> = {
  'command.received': 'issuance',
  'append.before_commit': 'issuance',
  'append.committed': 'issuance',
  'invalidate.before': 'issuance',
  'invalidate.after': 'issuance',
  'reply.before': 'issuance',
  'relay.position_read': 'issuance',
  'relay.positions_given': 'issuance',
  'relay.batch_read': 'issuance',
  'bus.acknowledged': 'issuance',
  'relay.published': 'issuance',
  'projection.before_commit': 'audit',
  'projection.committed': 'audit',
  'checkpoint.before': 'audit',
  'ask.before': 'enforcement-1',
  'owner.read': 'issuance',
  'ask.answered': 'enforcement-1',
  'fill.before': 'enforcement-1',
  'fill.after': 'enforcement-1',
};

const cases = Object.entries(FAILS_AT).flatMap(([failpoint, process]) =>
  FAILPOINT_ACTIONS.map((does) => ({ failpoint: failpoint as Failpoint, process, does })),
);

describe('a service that fails, pauses or dies at a step of its work', () => {
  const history = new History();
  let cluster: CrashCluster;
  let client: KeyClient;
  let checker: SecretChecker;

  beforeAll(async () => {
    cluster = await startCrashCluster({ preload: [ARM_FAILPOINTS] });
    client = new KeyClient({ url: cluster.url, adminKey: cluster.adminKey, history });
    checker = new SecretChecker(cluster.nodes, history);
    checker.start(30);
  }, 120_000);
  afterAll(async () => {
    await checker?.stop();
    await cluster?.stop();
  }, 60_000);

  /** One command of each kind; a key that stays, and one that goes. */
  async function work(about: string): Promise<void> {
    const [stays, goes] = [await client.create(about), await client.create(about)];
    if (stays && (await client.rename(about, stays))) await client.rotate(about, stays, 0);
    if (goes && (await client.rotate(about, goes, 24))) await client.revoke(about, goes);
  }

  /** Once at least, and again till the step is reached: which node is the first to need a subject is chance. */
  async function workUntil(reaching: Promise<void>, about: string): Promise<void> {
    const step = { isOver: false };
    const over = () => void (step.isOver = true);
    void reaching.then(over, over);
    for (let round = 1; !step.isOver; round++) await work(`${about}-${round}`);
  }

  it.each(cases)(
    '$failpoint, $does: every command is done, and no check goes wrong',
    async (each) => {
      const { failpoint, process, does } = each;
      const reached = await arm(cluster, process, failpoint, { does, ms: PAUSE_MS });
      const reaching = reached();
      const working = workUntil(reaching, `${failpoint.replace(/\W|_/g, '-')}-${does}`);
      await reaching;
      if (does === 'crash') await processOf(cluster, process).restart();
      await working;
      await eventually(() => checker.checkAll(), { timeoutMs: 30_000, everyMs: 100 });
      expect(history.wrongChecks).toEqual([]);
      expect(refusedCommands(history.commands)).toEqual([]);
      expect(history.commands.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
    },
    90_000,
  );

  it('a revoke that is committed when its process dies ends the key, though nobody asks for it again', async () => {
    const revoked = await unansweredRevoke(cluster);
    for (const node of cluster.nodes.keys())
      await eventually(
        async () => expect(await revoked.check(node)).toMatchObject({ allowed: false, reason: 'revoked' }),
        {
          timeoutMs: 20_000,
        },
      );
  }, 90_000);

  it('afterwards nothing is lost, nothing is there twice, and every copy is equal', async () => {
    await checker.stop();
    expect(await violations(cluster, history)).toEqual([]);
  }, 180_000);
});
