import { setTimeout as pause } from 'node:timers/promises';
import { eventually, Random } from '@latchkey/testing';
import type { CrashCluster } from './crash-cluster';
import { History } from './history';
import { KeyClient } from './key-client';
import { SecretChecker } from './secret-checker';
import { violations } from './verdict';

export interface KillerRun {
  readonly seed: number;
  /** At least; the clients go on till every kill is over. */
  readonly commands: number;
  readonly kills: number;
  /** Admins who change keys at once. */
  readonly clients: number;
  /** A client waits up to twice this between two commands. */
  readonly paceMs: number;
}

export interface KillerReport {
  readonly violations: readonly string[];
  readonly commands: Readonly<Record<string, number>>;
  readonly unknown: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly secretsEnded: number;
  readonly checks: number;
  readonly accepts: number;
  readonly seconds: number;
  readonly seed: number;
}

interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** As many victims may be down at once. */
const KILLERS = 2;
/** A service that comes back while what it needs is gone ends again, and is started again. */
const BACK_WITHIN_MS = 180_000;

/** Clients change keys and checkers try their secrets while random processes are killed and come back; then everything is compared. */
export async function killerRun(cluster: CrashCluster, run: KillerRun): Promise<KillerReport> {
  const startedAt = performance.now();
  const random = new Random(run.seed);
  const history = new History();
  const checker = new SecretChecker(cluster.nodes, history);
  checker.start(20);
  let killing = true;
  const clients = Array.from({ length: run.clients }, async (_, number) => {
    const client = new KeyClient({ url: cluster.url, adminKey: cluster.adminKey, history });
    while (killing || history.commands.length < run.commands) await oneKey(client, `c${number}`, random, run.paceMs);
  });
  const kills = await killInTurn(victimsOf(cluster), random, run.kills);
  killing = false;
  await Promise.all(clients);
  await checker.stop();
  return {
    violations: await violations(cluster, history, BACK_WITHIN_MS),
    commands: countBy(history.commands.map(({ kind }) => kind)),
    unknown: history.commands.filter(({ outcome }) => outcome === 'unknown').length,
    kills: countBy(kills),
    secretsEnded: history.secrets.filter(({ endedAt }) => endedAt !== null).length,
    checks: history.checks,
    accepts: history.accepts,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    seed: run.seed,
  };
}

/** The life of a key, which most often ends. */
async function oneKey(client: KeyClient, about: string, random: Random, paceMs: number): Promise<void> {
  const rest = () => pause(random.between(0, 2 * paceMs));
  const key = await client.create(about);
  for (let steps = Math.floor(random.between(0, 5)); key && steps > 0; steps -= 1) {
    await rest();
    const step = random.pick(['rename', 'rotate', 'replace'] as const);
    const known = step === 'rename' ? client.rename(about, key) : client.rotate(about, key, step === 'rotate' ? 24 : 0);
    if (!(await known)) return;
  }
  await rest();
  if (key && random.chance(0.8)) await client.revoke(about, key);
}

/** Every victim in turn, in an order that changes with every round. @returns the names of those who were killed */
async function killInTurn(victims: readonly Victim[], random: Random, kills: number): Promise<readonly string[]> {
  const killed: string[] = [];
  const down = new Set<Victim>();
  let round: Victim[] = [];
  const next = (): Victim => {
    if (round.length === 0) round = random.shuffle(victims);
    const victim = round.find((one) => !down.has(one)) ?? random.pick(victims.filter((one) => !down.has(one)));
    round = round.filter((one) => one !== victim);
    return victim;
  };
  const killer = async () => {
    while (killed.length < kills) {
      const victim = next();
      killed.push(victim.name);
      down.add(victim);
      await victim.kill();
      await pause(random.between(0, 1_500));
      await eventually(() => victim.restart(), { timeoutMs: BACK_WITHIN_MS, everyMs: 500 });
      down.delete(victim);
      await pause(random.between(0, 2_000));
    }
  };
  await Promise.all(Array.from({ length: KILLERS }, killer));
  return killed;
}

/** Every process that takes part: `assets-api` has no part in it. */
function victimsOf({ processes, redis, postgres, kafka }: CrashCluster): readonly Victim[] {
  const services = [...processes.values()].filter(({ name }) => name !== 'assets-api');
  const servers = Object.entries({ redis, postgres, kafka }).flatMap(([name, server]): readonly Victim[] =>
    server === null ? [] : [{ name, kill: () => server.kill(), restart: () => server.restart() }],
  );
  return [...services, ...servers];
}

const countBy = (names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]));
