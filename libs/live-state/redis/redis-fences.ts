import type { SubjectOwner, SubjectRef } from '@latchkey/contracts';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import { entryKey, fenceKey } from '../shards';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import type { RedisClient } from './connect-redis';
import { Script } from './script';

/** One shard's Redis at one moment of its own clock. */
export interface Sighting {
  /** µs. Whatever was committed before this moment is seen by whoever reads Postgres after it. */
  readonly atMicros: number;
  /** Of the Redis process. */
  readonly runId: string;
  readonly fence: { readonly incarnation: string; readonly runId: string } | null;
  readonly evictionPolicy: string;
}

export interface Invalidation extends SubjectRef {
  readonly version: number;
}

/** An owner's fences and entries in Redis. Keys per call are bounded, so Redis is never held for long. */
export class RedisFences {
  readonly #observe: Script;
  readonly #renew: Script;
  readonly #invalidate: Script;

  constructor(
    private readonly redis: RedisClient,
    private readonly owner: SubjectOwner,
    private readonly timing: LiveStateTiming = liveStateTiming(),
    private readonly safeguards: Safeguards = ALL_SAFEGUARDS,
  ) {
    this.#observe = new Script(['fence.lua', 'observe.lua'], safeguards);
    this.#renew = new Script(['fence.lua', 'renew.lua'], safeguards);
    this.#invalidate = new Script(['fence.lua', 'invalidate.lua'], safeguards);
  }

  async observe(shard: number): Promise<Sighting> {
    type Reply = [number, string, string, string, string];
    const reply = (await this.#observe.run(this.redis, [this.#fence(shard)], [])) as Reply;
    const [atMicros, runId, incarnation, fenceRunId, evictionPolicy] = reply;
    return { atMicros, runId, fence: incarnation === '' ? null : { incarnation, runId: fenceRunId }, evictionPolicy };
  }

  /**
   * Puts markers in the place of older entries.
   * @param incarnation to write them under; null: the fence's own
   * @returns the incarnation that held on this Redis while it was done, null: none did
   */
  async invalidate(
    shard: number,
    incarnation: string | null,
    subjects: readonly Invalidation[],
  ): Promise<string | null> {
    let live: string | null = null;
    for (let i = 0; i === 0 || i < subjects.length; i += KEYS_PER_CALL_MAX) {
      const part = subjects.slice(i, i + KEYS_PER_CALL_MAX);
      const keys = [this.#fence(shard), ...part.map((subject) => entryKey(shard, subject))];
      const args = [incarnation ?? '', this.timing.markerTtlMs, ...part.map(({ version }) => version)];
      const seen = (await this.#invalidate.run(this.redis, keys, args)) as string;
      if (i > 0 && seen !== live) return null;
      live = seen === '' ? null : seen;
    }
    return live;
  }

  /**
   * Lets entries of `incarnation` count until a lease after the sighting, on the very server that was sighted.
   * @returns false: that server is gone, or somebody else has renewed since
   */
  async renew(shard: number, incarnation: string, sighting: Sighting): Promise<boolean> {
    const until = sighting.atMicros + this.timing.leaseMs * 1_000;
    const args = [incarnation, sighting.runId, sighting.fence?.incarnation ?? '', sighting.atMicros, until];
    return (await this.#renew.run(this.redis, [this.#fence(shard)], args)) === 1;
  }

  #fence(shard: number): string {
    return fenceKey(shard, this.safeguards.fencePerOwner ? this.owner : 'all');
  }
}

const KEYS_PER_CALL_MAX = 500;
