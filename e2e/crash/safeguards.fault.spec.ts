import { eventually } from '@latchkey/testing';
import { processOf, startCrashCluster, type CrashCluster } from './crash-cluster';
import { arm, ARM_FAILPOINTS } from './failpoints';
import { History } from './history';
import { KeyClient } from './key-client';
import { unansweredRevoke } from './unanswered-revoke';
import { violations } from './verdict';

/** What is lost does not come; what is late does, by then. */
const SETTLED_WITHIN_MS = 10_000;
/** By then every revoke is known everywhere: 2 L + 100 ms. */
const REVOKED_WITHIN_MS = 2_100;

/** What these tests find here, the tests of crashes would find in a service that had lost a safeguard. */
describe('without safeguards', () => {
  const history = new History();
  let cluster: CrashCluster;
  beforeAll(async () => {
    cluster = await startCrashCluster({ preload: [ARM_FAILPOINTS, 'without-safeguards.cjs'] });
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  const clientWith = (idempotencyKeys: boolean) =>
    new KeyClient({ url: cluster.url, adminKey: cluster.adminKey, history, idempotencyKeys });
  /** The service dies at the failpoint, and comes back while the client still asks. */
  const dyingAt = async (failpoint: 'reply.before' | 'relay.published', time: number, work: () => Promise<unknown>) => {
    const reached = await arm(cluster, 'issuance', failpoint, { does: 'crash', time });
    const working = work();
    await reached();
    await processOf(cluster, 'issuance').restart();
    await working;
  };
  const found = (...what: RegExp[]) =>
    expect.arrayContaining(what.map((each) => expect.stringMatching(each) as string));
  const verdict = () => violations(cluster, history, SETTLED_WITHIN_MS);

  it('without pending invalidations, a node goes on accepting a key that was revoked', async () => {
    const revoked = await unansweredRevoke(cluster);
    const listedAt = performance.now();
    await eventually(
      async () => {
        const since = performance.now() - listedAt;
        expect(await revoked.check('enforcement-1')).toMatchObject({ allowed: true, via: 'cache' });
        expect(since).toBeGreaterThan(REVOKED_WITHIN_MS);
      },
      { timeoutMs: 20_000 },
    );
  }, 90_000);

  it('without idempotency keys, a command whose reply was lost is applied twice', async () => {
    await dyingAt('reply.before', 1, () => clientWith(false).create('twice'));
    expect(await verdict()).toEqual(found(/^twice-\d+ \(create\) was applied 2 times$/));
  }, 120_000);

  it('without the acknowledgement of the broker, events are lost', async () => {
    const client = clientWith(true);
    await dyingAt('relay.published', 2, async () => {
      for (let keys = 0; keys < 3; keys += 1) await client.create('lost');
    });
    expect(await verdict()).toEqual(
      found(/^issuance: position \d+ was not published$/, /was acknowledged and is not in the audit$/),
    );
  }, 120_000);
});
