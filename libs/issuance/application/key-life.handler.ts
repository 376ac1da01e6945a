import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ResumeKey, SuspendKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import { sparesAdminKeys, type KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { KeyList, KeyStore, KeyWrite, ListedKey } from './ports';

/** What stops a key for a time. When a method resolves, it holds on every node: also when it held before. */
export class KeyLifeHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `key.not_found`, `key.already_revoked`, `key.expired`, `key.last_admin` */
  async suspend(ref: string, reason: string, caller: Caller): Promise<ListedKey> {
    const reach = await this.reaches.toChange(caller);
    const { key } = await findKey(this.list, reach, ref);
    const command: SuspendKey = { type: 'SuspendKey', reason, userId: caller.userId, now: this.clock.now() };
    return this.#write(key, command, caller, { sparesAdminKeys: sparesAdminKeys(reach, caller) });
  }

  /** @throws AppError as `suspend`, but for the last; `key.exceeds_grantor`, `auth.forbidden` for who shall not undo what another has done */
  async resume(ref: string, caller: Caller): Promise<ListedKey> {
    const reach = await this.reaches.toChange(caller);
    const { key } = await findKey(this.list, reach, ref);
    const [{ grantor, hold }, setScopes] = await Promise.all([
      this.grantors.of(caller),
      this.grantors.scopesOfSets(caller, key.scopeSetIds),
    ]);
    const changesAll = reach.userId === null;
    const command: ResumeKey = { type: 'ResumeKey', changesAll, setScopes, grantor, now: this.clock.now() };
    return this.#write(key, command, caller, hold);
  }

  async #write(
    { keyId, lastUsedAt }: ListedKey,
    command: SuspendKey | ResumeKey,
    caller: Caller,
    more: Partial<KeyWrite>,
  ): Promise<ListedKey> {
    const { key, changed } = await this.keys.write({
      keyId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, command.now),
      ...more,
    });
    await this.settlement.settle([changed]);
    return { ...key, lastUsedAt };
  }
}
