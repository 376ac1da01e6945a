import { INSTALLATION, type SigningKeyEvent } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, type EventStore } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import { derivedKey, seal, unseal } from '@latchkey/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type {
  SigningKeyPair,
  SigningKeyStore,
  SigningKeysVersion,
  SigningKeyWrite,
  WrittenSigningKeys,
} from '../application/ports-signing-keys';
import { evolve, noSigningKeys, type SigningKeys } from '../domain/signing-key/signing-keys';

/** The aggregate's id: there is one. */
const STREAM = 'signing-keys';

/** Signing keys in oauth's schema, their private parts sealed under the installation's master key. */
export class PostgresSigningKeys implements SigningKeyStore {
  readonly #wrapping: Buffer | null;

  /** @param masterKey null: for who makes no keys and signs nothing */
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
    masterKey: Secret | null,
  ) {
    this.#wrapping = masterKey && derivedKey(masterKey, 'latchkey/oauth/signing-keys/v1');
  }

  async load(): Promise<SigningKeysVersion> {
    const history = await this.events.readStream(STREAM);
    const state = history.reduce<SigningKeys>(
      // The service wrote its stream itself, through this type.
      (before, { type, data }) => evolve(before, { type, data } as SigningKeyEvent),
      noSigningKeys,
    );
    return { state, version: history.length };
  }

  async write({ decide, made, settles, actorId, at }: SigningKeyWrite): Promise<WrittenSigningKeys> {
    let changed: readonly ChangedSubject[] = [];
    const { state, version } = await decideAndAppend<SigningKeys, SigningKeyEvent>(this.events, {
      streamId: STREAM,
      initialState: noSigningKeys,
      evolve,
      decide,
      meta: { actorId, workspaceId: INSTALLATION, requestId: STREAM, at },
      within: async (tx, recorded, after) => {
        const events = recorded.map(({ type, data }) => ({ type, data }) as SigningKeyEvent);
        for (const event of events) await this.#keepPrivate(tx, event, made);
        changed = await this.#writeSubjects(tx, events, after);
      },
    });
    const unchanged = settles.filter((kid) => !changed.some(({ id }) => id === kid));
    return { state, version, changed: [...changed, ...(await this.#current(unchanged))] };
  }

  async privateKeyOf(kid: string): Promise<Secret | null> {
    try {
      const [row] = await this.dataSource.query<{ sealed: Buffer }[]>(
        'SELECT sealed FROM signing_key_private WHERE kid = $1',
        [kid],
      );
      return row ? new Secret(unseal(this.#wrappingKey(), row.sealed, kid).toString()) : null;
    } catch (error) {
      throw databaseFailure(error, 'reading a signing key');
    }
  }

  /** It is there from the moment at which it is published, and goes when its key signs no more. */
  async #keepPrivate(
    tx: EntityManager,
    { type, data }: SigningKeyEvent,
    made: readonly SigningKeyPair[],
  ): Promise<void> {
    if (type === 'latchkey.signing_key.activated.v1') return;
    if (type !== 'latchkey.signing_key.published.v1') {
      await tx.query('DELETE FROM signing_key_private WHERE kid = $1', [data.kid]);
      return;
    }
    const pair = made.find(({ kid }) => kid === data.kid);
    if (!pair) throw new Error(`signing key ${data.kid} is published without its private part`);
    const sealed = seal(this.#wrappingKey(), Buffer.from(pair.privateKey.reveal()), data.kid);
    await tx.query('INSERT INTO signing_key_private (kid, sealed) VALUES ($1, $2)', [data.kid, sealed]);
  }

  #wrappingKey(): Buffer {
    if (this.#wrapping === null) throw new Error('private keys need the master key');
    return this.#wrapping;
  }

  async #writeSubjects(
    tx: EntityManager,
    events: readonly SigningKeyEvent[],
    { keys }: SigningKeys,
  ): Promise<readonly ChangedSubject[]> {
    const changed: ChangedSubject[] = [];
    for (const { type, data } of events) {
      const key = keys.find(({ kid }) => kid === data.kid);
      const isEnd = type === 'latchkey.signing_key.revoked.v1' || type === 'latchkey.signing_key.dropped.v1';
      if (!key || !(isEnd || type === 'latchkey.signing_key.published.v1')) continue;
      const { kid: id, algorithm, jwk } = key;
      const status = isEnd ? 'revoked' : 'trusted';
      changed.push(
        await this.subjects.write(tx, {
          kind: 'signing_key',
          id,
          body: { kind: 'signing_key', status, algorithm, jwk },
        }),
      );
    }
    return changed;
  }

  async #current(kids: readonly string[]): Promise<readonly ChangedSubject[]> {
    if (kids.length === 0) return [];
    const snapshots = await this.subjects.read(kids.map((id) => ({ kind: 'signing_key', id }) as const));
    return snapshots.map(({ id, version }) => ({ kind: 'signing_key', id, workspaceId: null, version }));
  }
}
