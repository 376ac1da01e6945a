import { setTimeout as pause } from 'node:timers/promises';
import { SOURCES, TOPICS, type CheckResult } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { processOf, type CrashCluster } from '../crash/crash-cluster';
import { History } from '../crash/history';
import { inDatabase, isAudited, messagesOf } from '../crash/observe';
import { callerOf } from '../harness/http';
import type { AuditedBatch, DecisionLog } from './decision-log';
import { KeyCommands } from './key-commands';
import { Load, type Span } from './load';

/** A check or a command that takes longer has failed. */
const PATIENCE_MS = 10_000;
const COMMAND_PACE_MS = 20;
const COMMANDERS = 2;

export interface OutageRun {
  /** Kafka runs. */
  readonly beforeMs: number;
  /** It keeps its connections and answers nothing. */
  readonly hungMs: number;
  /** It is gone. */
  readonly deadMs: number;
  /** It runs again. */
  readonly afterMs: number;
}

/** The key that is checked, and how often its check was answered. */
export interface CheckedKey {
  readonly id: string;
  readonly allowed: number;
}

export const PHASES = ['before', 'hung', 'dead', 'after'] as const;
export type Phase = (typeof PHASES)[number];

export interface OutageResult {
  readonly history: History;
  readonly checked: readonly CheckedKey[];
  readonly failures: readonly string[];
  /** Whether the audit had everything when Kafka came back: then it was never away. */
  readonly audited: boolean;
  readonly spans: Readonly<Record<Phase, { readonly checks: Span; readonly commands: Span }>>;
}

/** A constant load of checks, at every node, and of commands, while Kafka is there, hangs, is dead, and is there again. */
export async function outageRun(cluster: CrashCluster, run: OutageRun): Promise<OutageResult> {
  const { kafka } = cluster;
  if (kafka === null) throw new Error('the cluster has no Kafka of its own');
  const history = new History();
  const keys = await Promise.all([...cluster.nodes.values()].map(() => unlimitedKey(cluster)));
  const counts = keys.map(() => 0);
  const checkers = [...cluster.nodes.values()].map((url, place) => async () => {
    await checkAt(url, keys[place]?.key ?? '');
    counts[place] = (counts[place] ?? 0) + 1;
  });
  const commanders = Array.from({ length: COMMANDERS }, () => {
    const commands = new KeyCommands(cluster.url, cluster.adminKey, history);
    return () => commands.next();
  });
  const [checks, commands] = [new Load(checkers, 0), new Load(commanders, COMMAND_PACE_MS)];
  const starts = [performance.now()];
  const phase = async (ms: number) => {
    await pause(ms);
    starts.push(performance.now());
  };
  try {
    await phase(run.beforeMs);
    kafka.pause();
    await phase(run.hungMs);
    await kafka.kill();
    await phase(run.deadMs);
    const audited = await isAudited(cluster, 'issuance');
    await kafka.restart();
    await phase(run.afterMs);
    const spanAt = (place: number) => ({
      checks: checks.between(starts[place] ?? 0, starts[place + 1] ?? 0),
      commands: commands.between(starts[place] ?? 0, starts[place + 1] ?? 0),
    });
    const spans = { before: spanAt(0), hung: spanAt(1), dead: spanAt(2), after: spanAt(3) };
    await Promise.all([checks.stop(), commands.stop()]);
    const checked = keys.map(({ id }, place) => ({ id, allowed: counts[place] ?? 0 }));
    return { history, checked, audited, spans, failures: [...checks.failures, ...commands.failures] };
  } finally {
    await Promise.all([checks.stop(), commands.stop()]);
  }
}

/**
 * Of enforcement alone: identity's record of sign-ins has a topic of its own. Stops every node; then all that they have decided is on its
 * way, and in the end is everywhere.
 */
export async function decisionLog(cluster: CrashCluster): Promise<DecisionLog> {
  await Promise.all([...cluster.nodes.keys()].map((name) => processOf(cluster, name).stop()));
  await eventually(
    async () => {
      const stopped = await inDatabase(cluster, (client) =>
        client.query(`SELECT FROM audit.decision_sources WHERE stopped`),
      );
      if (stopped.rowCount !== cluster.nodes.size) throw new Error('the audit lacks the end of a node');
    },
    { timeoutMs: 30_000, everyMs: 100 },
  ).catch(() => undefined); // what is lost never comes: the log shows it
  const published = await messagesOf(cluster, TOPICS.decisions);
  return { published, audited: await auditedBatches(cluster) };
}

const auditedBatches = (cluster: CrashCluster): Promise<readonly AuditedBatch[]> =>
  inDatabase(cluster, async (client) => {
    const { rows } = await client.query<{ source: string; position: string; decisions: number }>(
      `SELECT source, position, decisions FROM audit.decision_batches WHERE starts_with(source, $1)`,
      [`${SOURCES.enforcement}/`],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  });

async function unlimitedKey({ url, adminKey }: CrashCluster): Promise<{ id: string; key: string }> {
  const body = { name: 'checked', scopes: ['assets:read'], plan: 'unlimited' };
  return (await callerOf(url, adminKey)('POST', '/api/v1/api-keys', body)).json();
}

async function checkAt(url: string, credential: string): Promise<void> {
  const answer = await fetch(`${url}/v1/check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ credential, scopes: ['assets:read'] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { allowed, reason } = (await answer.json()) as CheckResult;
  if (!allowed) throw new Error(`a check was refused: ${reason}`);
}
