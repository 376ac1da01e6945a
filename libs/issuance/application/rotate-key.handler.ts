import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { RotateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import type { IssuedKey } from './issued-key';
import { findKey } from './key-ref';
import type { KeyList, KeyStore, Randomness } from './ports';

const HOUR_MS = 3_600_000;

export class RotateKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly list: KeyList,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly random: Randomness,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, the new secret passes everywhere, and with grace 0 the old one nowhere.
   * @param gracePeriodHours 0 to 720, fractions allowed (C28)
   * @throws AppError what `findKey` and `decide` throw; `stream.version_conflict` for all but one of several at once
   */
  async execute(ref: string, gracePeriodHours: number, caller: Caller): Promise<IssuedKey> {
    const { key: found } = await findKey(this.list, caller.workspaceId, ref);
    const { profile, grantor, version } = await this.grantors.of(caller);
    const now = this.clock.now();
    const secret = this.random.secret(profile);
    const command: RotateKey = {
      type: 'RotateKey',
      replaces: found.lastSecretNumber,
      gracePeriodMs: Math.round(gracePeriodHours * HOUR_MS),
      grantor,
      now,
    };
    const { key, changed } = await this.keys.write({
      keyId: found.keyId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      grantor: version,
      newSecret: secret,
    });
    await this.settlement.settle([changed]);
    return { key, secret };
  }
}
