import { isAppError, type Clock, type KeyId, type UserId } from '@latchkey/kernel';
import type { ChangedSubject, Settlement } from '@latchkey/live-state';
import type { RevokeKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import type { KeyPosition, KeySelection } from './key-list-query';
import { sparesAdminKeys, type KeyReach, type KeyReaches } from './key-reaches';
import type { KeyList, KeyStore, ListedKey } from './ports';

/** Whose keys, those with a tag, or all that the caller reaches. */
export interface KeysToRevoke {
  readonly userId?: UserId;
  readonly tag?: string;
}

export interface RevokedKeys {
  readonly revoked: number;
  /** Keys that are left to be revoked by further calls. Counted up to 10,000. */
  readonly remaining: number;
  /** Keys that such calls do not revoke: the one in use, and the workspace's last admin key. */
  readonly kept: readonly KeyId[];
}

/** Of one call, which is to answer within seconds. */
const REVOKED_MAX = 500;
/** Written at a time. */
const AT_ONCE = 8;
const COUNTED_MAX = 10_000;

export class RevokeKeysHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
    private readonly revokedMax = REVOKED_MAX,
  ) {}

  /**
   * Revokes keys one by one, 500 at most, the newest first. When it resolves, no node accepts any of them. When it fails, some are revoked:
   * the same call goes on where it was.
   */
  async execute(which: KeysToRevoke, reason: string, caller: Caller): Promise<RevokedKeys> {
    const reach = await this.reaches.toChange(caller);
    const changed: ChangedSubject[] = [];
    const kept: KeyId[] = [];
    const end = async ({ keyId }: ListedKey): Promise<void> => {
      const outcome = isInUse(keyId, caller) ? null : await this.#revoke(keyId, reason, caller, reach);
      if (outcome) changed.push(outcome);
      else kept.push(keyId);
    };
    let position: KeyPosition | null = null;
    try {
      do {
        const limit = Math.min(AT_ONCE, this.revokedMax - changed.length);
        const keys = await this.#next(which, reach, position, limit);
        await allEnded(keys.map(end));
        const last = keys.at(-1);
        position = last && keys.length === limit ? { value: last.createdAt.toISOString(), id: last.keyId } : null;
      } while (position !== null && changed.length < this.revokedMax);
    } finally {
      await this.settlement.settle(changed);
    }
    return { revoked: changed.length, remaining: await this.#remaining(which, reach, kept), kept };
  }

  #next(
    which: KeysToRevoke,
    reach: KeyReach,
    position: KeyPosition | null,
    limit: number,
  ): Promise<readonly ListedKey[]> {
    const order = { by: 'created', direction: 'desc' } as const;
    return this.list.after({ ...this.#selection(which, reach), order, limit }, position);
  }

  /** Who looks for keys must not keep others from revoking them. */
  #selection(filter: KeysToRevoke, reach: KeyReach): KeySelection {
    return { reach, filter, liveOnly: true, now: this.clock.now(), urgent: true };
  }

  /** `null`: it is an admin key that no other one stands in for. */
  async #revoke(keyId: KeyId, reason: string, caller: Caller, reach: KeyReach): Promise<ChangedSubject | null> {
    const command: RevokeKey = { type: 'RevokeKey', reason, now: this.clock.now() };
    try {
      const { changed } = await this.keys.write({
        keyId,
        decide: (state) => decide(command, state),
        meta: metaOf(caller, command.now),
        sparesAdminKeys: sparesAdminKeys(reach, caller),
      });
      return changed;
    } catch (error) {
      if (isAppError(error, 'key.last_admin')) return null;
      throw error;
    }
  }

  async #remaining(which: KeysToRevoke, reach: KeyReach, kept: readonly KeyId[]): Promise<number> {
    const found = (await this.list.count(this.#selection(which, reach), COUNTED_MAX)) ?? COUNTED_MAX;
    return Math.max(0, found - kept.length);
  }
}

const isInUse = (keyId: KeyId, { credential }: Caller): boolean =>
  credential.kind === 'api_key' && credential.keyId === keyId;

/** Waits for all, also when one has failed: what is written must be settled. @throws what the first one did that failed */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) if (outcome.status === 'rejected') throw outcome.reason;
}
