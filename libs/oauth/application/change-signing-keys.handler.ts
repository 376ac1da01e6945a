import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { RevokeKey, RotateKeys } from '../domain/signing-key/commands';
import { decide } from '../domain/signing-key/decide';
import { activeKey } from '../domain/signing-key/signing-keys';
import type { SigningKeyStore } from './ports-signing-keys';

/** What an operator does with signing keys. The processes that sign see it when they look after them the next time. */
export class ChangeSigningKeysHandler {
  constructor(
    private readonly store: SigningKeyStore,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the id of the key that signs from now on
   * @throws AppError `signing_key.next_too_new`
   */
  rotate(): Promise<string | null> {
    return this.#change({ type: 'RotateKeys', now: this.clock.now() }, []);
  }

  /**
   * When it resolves, nothing that the key has signed passes anywhere.
   * @returns likewise; null: services are about to make one
   * @throws AppError `signing_key.not_found`
   */
  revoke(kid: string): Promise<string | null> {
    return this.#change({ type: 'RevokeKey', kid, now: this.clock.now() }, [kid]);
  }

  async #change(command: RotateKeys | RevokeKey, settles: readonly string[]): Promise<string | null> {
    const { state, changed } = await this.store.write({
      decide: (found) => decide(command, found),
      ...{ made: [], settles, actorId: 'operator' },
      at: command.now,
    });
    await this.settlement.settle(changed);
    return activeKey(state)?.kid ?? null;
  }
}
