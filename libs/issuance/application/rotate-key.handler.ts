import { issueOnce, type RepeatableRequest } from '@latchkey/event-store';
import { AppError, type Clock } from '@latchkey/kernel';
import { secretIdOf } from '@latchkey/contracts';
import type { Settlement } from '@latchkey/live-state';
import type { RotateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import { earlierIn, repeatable, type Issuance, type IssuedKey } from './issuance';
import type { KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { ExistingKey, IssuedRequests, KeyList, KeyStore, ListedKey, Randomness } from './ports';

const HOUR_MS = 3_600_000;

export interface RotateKeyRequest {
  /** How long the old secret still passes: 0 to 720, fractions allowed (C28). */
  readonly gracePeriodHours: number;
  /** The old secret ends earlier when it has not been used for so long. Absent: it does not. */
  readonly endWhenSilentHours?: number | undefined;
  /** Id of the newest secret that the caller knows of. Absent: whichever that is. */
  readonly replaces?: string | undefined;
}

export class RotateKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly requests: IssuedRequests,
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly random: Randomness,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, the new secret passes everywhere, and with grace 0 the old one nowhere.
   * @param idempotencyKey `null`: the request is not repeated
   * @throws AppError what `findKey`, `decide` and `issueOnce` throw; `stream.version_conflict` for all but one of several that replace the same secret
   */
  async execute(
    ref: string,
    request: RotateKeyRequest,
    caller: Caller,
    idempotencyKey: string | null = null,
  ): Promise<Issuance> {
    const { key } = await findKey(this.list, await this.reaches.toChange(caller), ref);
    const known = repeatable(caller, idempotencyKey, `rotate ${key.keyId}`, request);
    const issuance = await issueOnce(known, earlierIn(this.requests, this.clock.now()), () =>
      this.#issue(key, request, caller, known),
    );
    await this.settlement.settle([issuance.changed]);
    return issuance;
  }

  async #issue(
    found: ListedKey,
    { gracePeriodHours, endWhenSilentHours, replaces }: RotateKeyRequest,
    caller: Caller,
    known: RepeatableRequest | null,
  ): Promise<IssuedKey> {
    if (replaces !== undefined && replaces !== secretIdOf(found.keyId, found.lastSecretNumber)) {
      throw new AppError('stream.version_conflict', {
        field: 'replaces',
        public:
          '"replaces" does not name the newest secret of the key. Look at its secrets, and rotate again if you still need to.',
      });
    }
    const now = this.clock.now();
    const [{ profile, grantor, hold }, setScopes, lost] = await Promise.all([
      this.grantors.of(caller),
      this.grantors.scopesOfSets(caller, found.scopeSetIds),
      this.#isLost(found, caller, now),
    ]);
    const secret = this.random.secret(profile);
    const command: RotateKey = {
      type: 'RotateKey',
      replaces: found.lastSecretNumber,
      lost,
      gracePeriodMs: Math.round(gracePeriodHours * HOUR_MS),
      endsWhenSilentMs: endWhenSilentHours === undefined ? null : Math.round(endWhenSilentHours * HOUR_MS),
      setScopes,
      grantor,
      now,
    };
    const written = await this.keys.write({
      keyId: found.keyId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      ...hold,
      newSecret: secret,
      ...(known && { request: known }),
    });
    return { kind: 'issued', ...written, secret, lastUsedAt: found.lastUsedAt };
  }

  /** A secret that is presented is not lost, whatever was repeated. */
  async #isLost({ keyId, lastSecretNumber }: ExistingKey, { credential }: Caller, now: Date): Promise<boolean> {
    const presented = credential.kind === 'api_key' ? credential.secretId : null;
    if (presented === secretIdOf(keyId, lastSecretNumber)) return false;
    return this.requests.isLost(keyId, lastSecretNumber, now);
  }
}
