import { secretNumberOf } from '@latchkey/contracts';
import type { Clock, KeyId } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { RevokeKey, RevokeSecret } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller, type PresentedKey } from './caller';
import { sparesAdminKeys, type KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { KeyList, KeyStore } from './ports';

const REASON = 'requested';

export class RevokeKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends the key, or the one secret that `ref` names (C29). When it resolves, no node accepts it any more: not after a second request
   * either, which finds it revoked. @throws AppError `key.not_found`, `key.last_admin`
   */
  async execute(ref: string, caller: Caller): Promise<void> {
    const reach = await this.reaches.toChange(caller);
    const { key, secretNumber } = await findKey(this.list, reach, ref);
    const now = this.clock.now();
    const command: RevokeKey | RevokeSecret =
      secretNumber === null
        ? { type: 'RevokeKey', reason: REASON, now }
        : { type: 'RevokeSecret', secretNumber, reason: REASON, now };
    await this.#write(key.keyId, command, caller, sparesAdminKeys(reach, caller));
  }

  /**
   * Ends the secret that was presented, whatever it may do, and its key where that has no other one: who shows a secret proves nothing of
   * another. @throws AppError `key.last_admin`
   */
  async ownSecret({ keyId, secretId }: PresentedKey, caller: Caller): Promise<void> {
    const secretNumber = secretNumberOf(secretId);
    const command: RevokeSecret = { type: 'RevokeSecret', secretNumber, reason: REASON, now: this.clock.now() };
    await this.#write(keyId, command, caller, false);
  }

  async #write(keyId: KeyId, command: RevokeKey | RevokeSecret, caller: Caller, spares: boolean): Promise<void> {
    const { changed } = await this.keys.write({
      keyId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, command.now),
      sparesAdminKeys: spares,
    });
    await this.settlement.settle([changed]);
  }
}
