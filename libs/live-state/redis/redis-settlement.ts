import { reach } from '@latchkey/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_SHARDS, shardsOf } from '../shards';
import type { ChangedSubject, Settlement } from '../subject-changes';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import type { RedisFences } from './redis-fences';

/** Under which incarnation an owner's fence was last renewed, as its Postgres says. */
export interface Incarnations {
  incarnationOf(shard: number): Promise<string | null>;
}

export interface RedisSettlementOptions {
  readonly fences: RedisFences;
  readonly incarnations: Incarnations;
  readonly shards?: number;
  readonly timing?: LiveStateTiming;
}

/** Owner side: a change answers once no node can accept what was before it (rule 5). */
export class RedisSettlement implements Settlement {
  readonly #shards: number;
  readonly #timing: LiveStateTiming;

  constructor(private readonly options: RedisSettlementOptions) {
    this.#shards = options.shards ?? DEFAULT_SHARDS;
    this.#timing = options.timing ?? liveStateTiming();
  }

  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    const committedAt = performance.now();
    const older = changed.filter(({ version }) => version > 1);
    if (older.length === 0 || (await this.#invalidated(older))) return;
    const waited = performance.now() - committedAt;
    await pause(Math.max(0, this.#timing.settleWaitMs - waited));
  }

  async #invalidated(changed: readonly ChangedSubject[]): Promise<boolean> {
    const byShard = new Map<number, ChangedSubject[]>();
    for (const subject of changed) {
      for (const shard of shardsOf(subject.workspaceId, this.#shards))
        byShard.set(shard, [...(byShard.get(shard) ?? []), subject]);
    }
    try {
      await reach('invalidate.before');
      const confirmed = await Promise.all(
        [...byShard].map(([shard, subjects]) => this.#invalidatedIn(shard, subjects)),
      );
      await reach('invalidate.after');
      return confirmed.every((done) => done);
    } catch {
      // Whatever failed, the wait covers it: the pending rows keep the fence from being renewed over an entry that still stands.
      return false;
    }
  }

  async #invalidatedIn(shard: number, subjects: readonly ChangedSubject[]): Promise<boolean> {
    const { fences, incarnations } = this.options;
    const live = await fences.invalidate(shard, null, subjects);
    return live !== null && live === (await incarnations.incarnationOf(shard));
  }
}
