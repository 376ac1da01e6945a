import { AppError, Secret, type KeyId } from '@latchkey/kernel';
import type { KeyEvent } from '@latchkey/contracts';
import {
  decideAndAppend,
  rememberIssued,
  writeProjection,
  type EventMeta,
  type EventStore,
  type RecordedEvent,
  type RepeatableRequest,
  type TransactionalEventStore,
} from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { Peppers } from '@latchkey/platform';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ExistingKey, KeyStore, KeyWrite, NewSecret, WrittenKey } from '../application/ports';
import { evolve, initialKey, type ActiveKey, type KeyState } from '../domain/key/key';
import { lessensAdmin } from '../domain/key/admin';
import { keyListProjection } from '../projections/key-list.projection';
import { keySubject } from '../projections/key-subject';
import { keepOldSecret } from './clock/old-secrets';
import { currentSubject } from './current-subject';
import { holdSetsUnchanged, holdUnchanged } from './held-grantor';
import { countKeys } from './key-count';
import { requireStandIn, takeTurns } from './last-admin';
import { writeLeaks } from './leaks/postgres-leaks';

/** What keeps one of several writes at once from undoing what another relies on. All are on in service; tests switch one off. */
export interface KeySafeguards {
  /** Those who take something from admin keys of one workspace take turns. */
  readonly adminTurns: boolean;
  /** Of several requests with one `Idempotency-Key` one is written. */
  readonly requestsOnce: boolean;
}

const ALL_ON: KeySafeguards = { adminTurns: true, requestsOnce: true };

/** Keys in issuance's schema. */
export class PostgresKeyStore implements KeyStore {
  constructor(
    private readonly events: TransactionalEventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
    private readonly peppers: Peppers,
    private readonly safeguards: KeySafeguards = ALL_ON,
  ) {}

  async load(keyId: KeyId): Promise<{ readonly state: KeyState; readonly version: number }> {
    const history = await this.events.readStream(keyId);
    // The service wrote its streams itself, through this type.
    const state = history.reduce<KeyState>(
      (before, { type, data }) => evolve(before, { type, data } as KeyEvent),
      initialKey,
    );
    return { state, version: history.length };
  }

  write(write: KeyWrite): Promise<WrittenKey> {
    return this.#write(this.events, write, (tx, { key, recorded }) => countKeys(tx, key.workspaceId, recorded));
  }

  async writeAll([first, ...others]: readonly KeyWrite[]): Promise<readonly WrittenKey[]> {
    if (!first) return [];
    let rest: readonly WrittenKey[] = [];
    const written = await this.#write(this.events, first, async (tx, { key, recorded }) => {
      const counted = [...recorded];
      const among: WrittenKey[] = [];
      // A part of the transaction that has failed cannot be tried again alone.
      const once = { attempts: 1 };
      for (const other of others) {
        among.push(
          await this.#write(this.events.in(tx), other, async (_, more) => void counted.push(...more.recorded), once),
        );
      }
      rest = among;
      await countKeys(tx, key.workspaceId, counted);
    });
    return [written, ...rest];
  }

  /** @param last what of the transaction comes after all else of this key, with the key after its events */
  async #write(
    events: EventStore,
    write: KeyWrite,
    last: (tx: EntityManager, written: WrittenEvents) => Promise<void>,
    options: { readonly attempts?: number } = {},
  ): Promise<WrittenKey> {
    const { keyId, decide, meta, claim } = write;
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let before: KeyState = initialKey;
    let changed: ChangedSubject | null = null;
    const { state } = await decideAndAppend<KeyState, KeyEvent>(events, {
      streamId: keyId,
      initialState: initialKey,
      evolve,
      decide: (found) => {
        before = found;
        changed = null;
        return decide(found);
      },
      meta,
      ...(claim && { claims: () => ({ claim }) }),
      within: async (tx, recorded, after) => {
        const key = existing(after);
        changed = await this.#within(tx, write, { before, key, recorded });
        await last(tx, { key, recorded });
      },
      ...options,
    });
    const key = existing(state);
    return { key, changed: changed ?? (await currentSubject(this.subjects, key)) };
  }

  /** All that must change with the events. */
  async #within(
    tx: EntityManager,
    { keyId, meta, grantor, grantorsSets = [], newSecret, sparesAdminKeys = false, request, beforeCommit }: KeyWrite,
    { before, key, recorded }: WrittenEvents & { readonly before: KeyState },
  ): Promise<ChangedSubject> {
    if (request) await this.#remember(tx, request, key, meta.at);
    if (grantor) await holdUnchanged(tx, grantor, grantor.keyId === keyId ? recorded.length : 0);
    await writeProjection(tx, keyListProjection, recorded);
    await keepOldSecret(tx, key, recorded, meta.at);
    await writeLeaks(tx, recorded);
    if (!sparesAdminKeys && lessensAdmin(before, key, meta.at)) await this.#keepAnAdmin(tx, before, meta);
    if (newSecret) await this.#writeDigest(tx, key, newSecret);
    const changed = await this.subjects.write(tx, { kind: 'key', id: keyId, body: keySubject(key) });
    await holdSetsUnchanged(tx, grantorsSets);
    await beforeCommit?.();
    return changed;
  }

  async #keepAnAdmin(tx: EntityManager, lessened: ActiveKey, meta: EventMeta): Promise<void> {
    if (this.safeguards.adminTurns) await takeTurns(tx, lessened);
    await requireStandIn(tx, lessened, meta);
  }

  /** First of all that waits for others: those that repeat a request then wait for it with nothing that it needs. */
  async #remember(tx: EntityManager, request: RepeatableRequest, key: ExistingKey, at: Date): Promise<void> {
    const issued = { id: key.keyId, secretNumber: key.lastSecretNumber };
    if ((await rememberIssued(tx, 'key_id', request, issued, at)) || !this.safeguards.requestsOnce) return;
    throw new AppError('claim.taken', { details: { scope: 'idempotency' }, internal: 'the request is another’s' });
  }

  /** @throws AppError `key.secret_known` */
  async #writeDigest(tx: EntityManager, key: ExistingKey, secret: NewSecret): Promise<void> {
    const sha256 = secret instanceof Secret ? sha256Of(secret) : secret.sha256;
    const { version, digest } = this.peppers.current(sha256);
    const written = await tx.query<unknown[]>(
      `INSERT INTO credential_digest (digest, pepper_version, workspace_id, key_id, secret_number)
       SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM credential_digest WHERE digest = ANY($6::bytea[]))
       ON CONFLICT (digest) DO NOTHING RETURNING key_id`,
      [digest, version, key.workspaceId, key.keyId, key.lastSecretNumber, this.peppers.all(sha256)],
    );
    if (written.length === 0) throw new AppError('key.secret_known');
  }
}

/** What was recorded of a key, and the key after it. */
interface WrittenEvents {
  readonly key: ExistingKey;
  readonly recorded: readonly RecordedEvent[];
}

const sha256Of = (secret: Secret): Uint8Array => createHash('sha256').update(secret.reveal()).digest();

function existing(state: KeyState): ExistingKey {
  if (state.status === 'None') throw new Error('a key without events was written');
  return state;
}
