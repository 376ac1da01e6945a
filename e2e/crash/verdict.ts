import { eventually } from '@latchkey/testing';
import type { CrashCluster } from './crash-cluster';
import type { History } from './history';
import {
  brokenOrder,
  lostCommands,
  refusedCommands,
  repeatedCommands,
  wronglyAudited,
  wronglyListed,
  wronglyPublished,
} from './invariants';
import { isAudited, listedKeys, PUBLISHERS, readSource, unlikeRebuild, type PublisherName } from './observe';
import { SecretChecker } from './secret-checker';

/** Waits till nothing is on its way any more, then says everything that is not as promised. Empty: all is well. */
export async function violations(cluster: CrashCluster, history: History, settleMs = 90_000): Promise<string[]> {
  const publishers = Object.keys(PUBLISHERS) as PublisherName[];
  const patient = { timeoutMs: settleMs, everyMs: 200 };
  await eventually(() => new SecretChecker(cluster.nodes, history).checkAll(), patient);
  const listed = await eventually(() => listedKeys(cluster), patient);
  for (const name of publishers) await untilAudited(cluster, name, settleMs);
  const [issuance, ...others] = await Promise.all(publishers.map((name) => readSource(cluster, name)));
  if (issuance === undefined) throw new Error('nobody publishes');
  return [
    ...history.wrongChecks,
    ...refusedCommands(history.commands),
    ...lostCommands(history.commands, issuance),
    ...repeatedCommands(history.commands, issuance),
    ...wronglyListed(history.commands, listed),
    ...[issuance, ...others].flatMap((source) => [
      ...brokenOrder(source),
      ...wronglyPublished(source),
      ...wronglyAudited(source),
    ]),
    ...(await unlikeRebuild(cluster, 'key_list')),
    ...(await unlikeRebuild(cluster, 'key_count')),
  ];
}

/** What is lost never comes: then the verdict says so. */
async function untilAudited(cluster: CrashCluster, name: PublisherName, settleMs: number): Promise<void> {
  await eventually(
    async () => {
      if (!(await isAudited(cluster, name))) throw new Error('not yet');
    },
    { timeoutMs: settleMs, everyMs: 100 },
  ).catch(() => undefined);
}
