import { AppError, isAppError, keyId, type Clock, type IdSource } from '@latchkey/kernel';
import { foreignPrefixes } from '@latchkey/access';
import type { CredentialResolver } from '@latchkey/contracts';
import type { CreateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import { withDisplayIds, type DisplayId } from './display-id';
import type { CallersGrant, Grantors } from './grantors';
import type { ExistingKey, KeyStore, KeyWrite, Randomness } from './ports';
import { requestedKey, type CreateKeyRequest, type RequestedKey } from './requested-key';

/** A key whose secret somebody else has made, and which is known here by its digest alone. */
export interface ImportedKey extends CreateKeyRequest {
  /** Of the secret as it is presented, its prefix included: 32 bytes. */
  readonly sha256: Uint8Array;
  /** With which the secret begins. */
  readonly prefix: string;
}

interface PlacedKey {
  readonly requested: RequestedKey;
  readonly sha256: Uint8Array;
  readonly prefix: string;
  /** In the request. */
  readonly place: number;
}

export class ImportKeysHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly credentials: CredentialResolver,
    private readonly grantors: Grantors,
    private readonly random: Randomness,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * All or none. Nothing has to be settled: no node remembers that there was no such key.
   * @returns in the order of the request
   * @throws AppError what `requestedKey` and `decide` throw, `key.unknown_prefix`, `key.secret_known`, with `keys.<n>` before their field
   */
  async execute(imported: readonly ImportedKey[], caller: Caller): Promise<readonly ExistingKey[]> {
    await this.#refuseKnown(imported);
    const own = await this.grantors.of(caller);
    const read = await Promise.all(imported.map((key, place) => this.#read(key, place, own, caller)));
    // Always in this order, so that of two imports of the same secrets none waits for what the other holds.
    const placed = read.sort((a, b) => compare(a.sha256, b.sha256));
    const written = await withDisplayIds(this.random, caller.workspaceId, (next) =>
      this.keys.writeAll(placed.map((key, index) => this.#write(key, own, caller, next, index === placed.length - 1))),
    );
    const byPlace = new Map(placed.map(({ place }, index) => [place, written[index]]));
    return imported.flatMap((_, place) => byPlace.get(place)?.key ?? []);
  }

  async #refuseKnown(imported: readonly ImportedKey[]): Promise<void> {
    const found = await this.credentials.resolve(imported.map(({ sha256 }) => sha256));
    for (const [place, { sha256 }] of imported.entries()) {
      const isRepeated = imported.slice(0, place).some((earlier) => compare(earlier.sha256, sha256) === 0);
      if (found[place] || isRepeated) throw new AppError('key.secret_known', { field: `keys.${place}.sha256` });
    }
  }

  async #read(key: ImportedKey, place: number, own: CallersGrant, caller: Caller): Promise<PlacedKey> {
    const { sha256, prefix } = key;
    try {
      if (!foreignPrefixes().includes(prefix)) throw new AppError('key.unknown_prefix', { field: 'prefix' });
      return { requested: await requestedKey(key, own, this.grantors, caller), sha256, prefix, place };
    } catch (error) {
      throw inPlace(error, place);
    }
  }

  #write(
    { requested, sha256, prefix, place }: PlacedKey,
    own: CallersGrant,
    caller: Caller,
    next: () => DisplayId,
    isLast: boolean,
  ): KeyWrite {
    const now = this.clock.now();
    const { displayId, claim } = next();
    const command: CreateKey = {
      type: 'CreateKey',
      ...requested,
      ...{ keyId: keyId(this.ids.next()), displayId, workspaceId: caller.workspaceId, userId: caller.userId },
      ...{ imported: { prefix }, grantor: own.grantor, now },
    };
    return {
      keyId: command.keyId,
      decide: (state) => {
        try {
          return decide(command, state);
        } catch (error) {
          throw inPlace(error, place);
        }
      },
      meta: metaOf(caller, now),
      newSecret: { sha256 },
      claim: [claim],
      // Once for all of them, and as late as can be.
      ...(isLast && own.hold),
    };
  }
}

/** The error as one of the n-th key. */
function inPlace(error: unknown, place: number): unknown {
  if (!isAppError(error)) return error;
  const field = error.field === undefined ? `keys.${place}` : `keys.${place}.${error.field}`;
  return new AppError(error.code, { public: error.public, internal: error.message, field, cause: error });
}

function compare(one: Uint8Array, other: Uint8Array): number {
  const index = one.findIndex((byte, at) => byte !== other[at]);
  return index < 0 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}
