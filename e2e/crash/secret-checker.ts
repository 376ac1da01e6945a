import type { CheckResult } from '@latchkey/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import { call } from '../harness/http';
import type { History, IssuedSecret } from './history';
import type { CrashCluster } from './crash-cluster';

const BATCH = 100;

/** Tries the secrets of a history at the nodes of enforcement, all the time, and notes what each answer says. */
export class SecretChecker {
  #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(
    private readonly nodes: CrashCluster['nodes'],
    private readonly history: History,
  ) {}

  /** @param everyMs between two batches of 20, at each node */
  start(everyMs: number): void {
    this.#stopped = false;
    this.#loops = [...this.nodes].map(async ([node, url]) => {
      while (!this.#stopped) {
        await this.check(node, url, this.#some(20)).catch(() => undefined);
        await pause(everyMs);
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** Every secret at every node. @throws while a node does not answer or does not decide */
  async checkAll(): Promise<void> {
    for (const [node, url] of this.nodes) {
      for (let from = 0; from < this.history.secrets.length; from += BATCH) {
        const results = await this.check(node, url, this.history.secrets.slice(from, from + BATCH));
        if (results.some(({ reason }) => reason === 'unavailable')) throw new Error(`${node} cannot decide`);
      }
    }
  }

  async check(node: string, url: string, secrets: readonly IssuedSecret[]): Promise<readonly CheckResult[]> {
    if (secrets.length === 0) return [];
    const startedAt = performance.now();
    const answer = await call(url, {
      method: 'POST',
      path: '/v1/check/batch',
      body: { checks: secrets.map(({ secret }) => ({ credential: secret, scopes: ['assets:read'] })) },
    });
    const answeredAt = performance.now();
    if (answer.status !== 200) throw new Error(`${node} answered ${answer.status}`);
    const { results } = answer.json<{ results: readonly CheckResult[] }>();
    results.forEach(({ allowed, reason }, place) => {
      const secret = secrets[place];
      if (secret) this.history.seen(secret, { node, startedAt, answeredAt, allowed, reason });
    });
    return results;
  }

  /** The newest are those with which something is going on. */
  #some(count: number): readonly IssuedSecret[] {
    const { secrets } = this.history;
    const newest = secrets.slice(-count / 2);
    const any = Array.from({ length: count / 2 }, () => secrets[Math.floor(Math.random() * secrets.length)]);
    return [...newest, ...any.filter((secret) => secret !== undefined)];
  }
}
