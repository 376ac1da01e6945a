import { AppError, type KeyId, type Secret } from '@latchkey/kernel';
import type { KeyEvent } from '@latchkey/contracts';
import {
  decideAndAppend,
  rememberIssued,
  writeProjection,
  type EventMeta,
  type EventStore,
  type RepeatableRequest,
} from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { Peppers } from '@latchkey/platform';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ExistingKey, KeyStore, KeyWrite, WrittenKey } from '../application/ports';
import { evolve, initialKey, type ActiveKey, type KeyState } from '../domain/key/key';
import { lessensAdmin } from '../domain/key/admin';
import { keyListProjection } from '../projections/key-list.projection';
import { keySubject } from '../projections/key-subject';
import { keepOldSecret } from './clock/old-secrets';
import { currentSubject } from './current-subject';
import { holdSetsUnchanged, holdUnchanged } from './held-grantor';
import { countKey } from './key-count';
import { requireStandIn, takeTurns } from './last-admin';

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
    private readonly events: EventStore,
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

  async write({
    keyId,
    decide,
    meta,
    grantor,
    newSecret,
    claim,
    sparesAdminKeys = false,
    request,
    beforeCommit,
  }: KeyWrite): Promise<WrittenKey> {
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let before: KeyState = initialKey;
    let changed: ChangedSubject | null = null;
    const { state } = await decideAndAppend<KeyState, KeyEvent>(this.events, {
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
        if (request) await this.#remember(tx, request, key, meta.at);
        if (grantor) await holdUnchanged(tx, grantor, grantor.keyId === keyId ? recorded.length : 0);
        await writeProjection(tx, keyListProjection, recorded);
        await keepOldSecret(tx, key, recorded, meta.at);
        if (!sparesAdminKeys && lessensAdmin(before, key, meta.at)) await this.#keepAnAdmin(tx, before, meta);
        if (newSecret) await this.#writeDigest(tx, key, newSecret);
        changed = await this.subjects.write(tx, { kind: 'key', id: keyId, body: keySubject(key) });
        if (grantor) await holdSetsUnchanged(tx, grantor);
        await beforeCommit?.();
        await countKey(tx, key, recorded);
      },
    });
    const key = existing(state);
    return { key, changed: changed ?? (await currentSubject(this.subjects, key)) };
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

  async #writeDigest(tx: EntityManager, key: ExistingKey, secret: Secret): Promise<void> {
    const { version, digest } = this.peppers.current(createHash('sha256').update(secret.reveal()).digest());
    await tx.query(
      `INSERT INTO credential_digest (digest, pepper_version, workspace_id, key_id, secret_number)
       VALUES ($1, $2, $3, $4, $5)`,
      [digest, version, key.workspaceId, key.keyId, key.lastSecretNumber],
    );
  }
}

function existing(state: KeyState): ExistingKey {
  if (state.status === 'None') throw new Error('a key without events was written');
  return state;
}
