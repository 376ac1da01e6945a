import { SUBJECT_OWNERS, type SubjectSnapshot } from '@latchkey/contracts';
import { reach } from '@latchkey/kernel';
import type { LiveStateCounters } from '../counters';
import type { Safeguards } from '../safeguards';
import { entryKey, fenceKey } from '../shards';
import type { LiveStateTiming } from '../timing';
import type { Miss } from './check-batch';
import type { RedisClient } from './connect-redis';
import { Script } from './script';

/** Keeps owners' answers in Redis for the checks to come, where nothing speaks against it (rule 6). */
export class Fills {
  readonly #script: Script;

  constructor(
    private readonly redis: RedisClient,
    private readonly timing: LiveStateTiming,
    private readonly counters: LiveStateCounters,
    private readonly safeguards: Safeguards,
  ) {
    this.#script = new Script(['fence.lua', 'fill.lua'], safeguards);
  }

  /** Nobody waits for it: a fill that fails or is refused costs another ask, no more. */
  put(shard: number, snapshot: SubjectSnapshot, miss: Miss): void {
    if (snapshot.body === null || miss.incarnation === '') return;
    void this.#put(shard, snapshot, miss).then(
      (kept) => void (kept ? this.counters.fills++ : this.counters.fillsRefused++),
      () => void this.counters.fillsRefused++,
    );
  }

  async #put(shard: number, snapshot: SubjectSnapshot, miss: Miss): Promise<boolean> {
    const owner = SUBJECT_OWNERS[snapshot.kind];
    const keys = [fenceKey(shard, this.safeguards.fencePerOwner ? owner : 'all'), entryKey(shard, snapshot)];
    const ageMaxMicros = this.timing.fillAgeMaxMs * 1_000;
    const body = JSON.stringify(snapshot.body);
    const args = [miss.incarnation, miss.atMicros, ageMaxMicros, snapshot.version, body, this.timing.entryTtlMs];
    await reach('fill.before');
    const kept = (await this.#script.run(this.redis, keys, args)) === 1;
    await reach('fill.after');
    return kept;
  }
}
