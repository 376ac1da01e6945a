import { readScopeSets } from '@latchkey/access';
import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ChangeKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import { sparesAdminKeys, type KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { KeyList, KeyStore, ListedKey } from './ports';
import { readGrant, readScopes, type RequestedGrant } from './requested-grant';

/** Fields that are absent stay as they are (C7). */
export interface ChangeKeyRequest extends RequestedGrant {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** As in `CreateKeyRequest`. */
  readonly scopeSets?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** `null`: never. */
  readonly expiresAt?: Date | null | undefined;
}

export class ChangeKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** When it resolves, no node goes by the key as it was. @throws AppError what `findKey`, `Grantors.requirePolicy`, `readGrant`, `readScopeSets`, `decide` and `KeyStore.write` throw */
  async execute(ref: string, request: ChangeKeyRequest, caller: Caller): Promise<ListedKey> {
    const reach = await this.reaches.toChange(caller);
    const { key: found } = await findKey(this.list, reach, ref);
    const { profile, grantor, hold } = await this.grantors.of(caller);
    const now = this.clock.now();
    const { name, scopes, scopeSets, tags, expiresAt } = request;
    const setScopes = await this.grantors.scopesOfSets(caller, [...found.scopeSetIds, ...(scopeSets ?? [])]);
    const { createdAt } = found;
    const isMoved = expiresAt !== undefined && expiresAt?.getTime() !== found.expiresAt?.getTime();
    if (isMoved) await this.grantors.requirePolicy(caller, { expiresAt, createdAt });
    const changes = {
      ...(name !== undefined && { name }),
      ...(scopes && { scopes: readScopes(profile, scopes) }),
      ...(scopeSets && { scopeSetIds: readScopeSets(scopeSets, found.scopeSetIds, setScopes) }),
      ...readGrant(profile, request),
      ...(tags && { tags }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
    const command: ChangeKey = { type: 'ChangeKey', changes, setScopes, grantor, now };
    const { key, changed } = await this.keys.write({
      keyId: found.keyId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      sparesAdminKeys: sparesAdminKeys(reach, caller),
      ...hold,
    });
    await this.settlement.settle([changed]);
    return { ...key, lastUsedAt: found.lastUsedAt };
  }
}
