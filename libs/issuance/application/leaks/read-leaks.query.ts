import { AppError, type Clock } from '@latchkey/kernel';
import type { Caller } from '../caller';
import type { KeyReaches } from '../key-reaches';
import type { KeyListPosition } from '../ports';
import type { Leak, Leaks } from './ports';

export interface LeakPage {
  readonly leaks: readonly Leak[];
  /** Where the next page begins, `null` on the last one. */
  readonly next: KeyListPosition | null;
}

/** Reports of leaks of those keys that a caller sees. */
export class ReadLeaksQuery {
  constructor(
    private readonly leaks: Leaks,
    private readonly reaches: KeyReaches,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `leak.not_found` */
  async one(caller: Caller, leakId: string): Promise<Leak> {
    const leak = await this.leaks.find(await this.#seenBy(caller), leakId);
    if (!leak) throw new AppError('leak.not_found');
    return leak;
  }

  /** Newest first. */
  async after(caller: Caller, position: KeyListPosition | null, limit: number): Promise<LeakPage> {
    const found = await this.leaks.after(await this.#seenBy(caller), position, limit + 1);
    const leaks = found.slice(0, limit);
    const last = leaks.at(-1);
    return { leaks, next: found.length > limit && last ? { at: last.reportedAt, id: last.leakId } : null };
  }

  async #seenBy(caller: Caller) {
    return { reach: await this.reaches.toRead(caller), now: this.clock.now() };
  }
}
