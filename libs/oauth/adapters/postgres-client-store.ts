import { AppError, Turns, type Secret } from '@latchkey/kernel';
import type { ClientEvent } from '@latchkey/contracts';
import {
  decideAndAppend,
  rememberIssued,
  writeProjection,
  type EventStore,
  type RepeatableRequest,
} from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import type { Peppers } from '@latchkey/platform';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ClientStore, ClientWrite, WrittenClient } from '../application/ports';
import { evolve, initialClient, type ClientState, type ExistingClient } from '../domain/client/client';
import { clientListProjection } from '../projections/client-list.projection';
import { clientSubject } from '../projections/client-subject';
import { currentSubject } from './current-subject';
import type { PostgresClientList } from './postgres-client-list';

/** What keeps one of several writes at once from undoing what another relies on. All are on in service; tests switch one off. */
export interface ClientSafeguards {
  /** Of several requests with one `Idempotency-Key` one is written. */
  readonly requestsOnce?: boolean;
  /** Writes leave some of the pool's connections free. */
  readonly turns?: boolean;
}

/**
 * Who looks again before the commit, at the caller's own client say, needs one more connection while it holds one. If writes held all of the
 * pool's ten, they would wait for each other until they time out; so would other services' writes that look at clients.
 */
const WRITES_AT_ONCE = 6;
const WAITING_MAX = 1_000;

/** Of a workspace, that are not deleted: more than anybody needs, and an end for a program that registers them without one. */
const CLIENTS_MAX = 10_000;

export interface ClientStoreParts {
  readonly events: EventStore;
  /** Of the same schema. */
  readonly list: PostgresClientList;
  readonly subjects: SubjectChanges & OwnerReader;
  readonly peppers: Peppers;
  readonly safeguards?: ClientSafeguards;
}

/** Clients in oauth's schema. */
export class PostgresClientStore implements ClientStore {
  readonly #turns: Turns;

  constructor(private readonly parts: ClientStoreParts) {
    const { turns = true } = parts.safeguards ?? {};
    this.#turns = new Turns({ atOnce: turns ? WRITES_AT_ONCE : Infinity, waitingMax: WAITING_MAX });
  }

  write(write: ClientWrite): Promise<WrittenClient> {
    // Each workspace in its turn, whatever another one writes.
    return this.#turns.run(() => this.#write(write), write.meta.workspaceId);
  }

  async #write({ clientId, decide, meta, newSecret, request, beforeCommit }: ClientWrite): Promise<WrittenClient> {
    const { events, list, subjects } = this.parts;
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let changed: ChangedSubject | null = null;
    const { state } = await decideAndAppend<ClientState, ClientEvent>(events, {
      streamId: clientId,
      initialState: initialClient,
      evolve,
      // Each token that is revoked is an event: the whole stream would be read for each.
      kept: () => list.kept(clientId),
      decide: (found) => {
        changed = null;
        return decide(found);
      },
      meta,
      within: async (tx, recorded, after) => {
        const client = existing(after);
        // First of all that waits for others: those that repeat a request then wait for it with nothing that it needs.
        if (request) await this.#remember(tx, request, client, meta.at);
        await writeProjection(tx, clientListProjection, recorded);
        if (newSecret) await this.#writeDigest(tx, client, newSecret);
        changed = await subjects.write(tx, { kind: 'client', id: clientId, body: clientSubject(client) });
        if (recorded.some(({ type }) => type === 'latchkey.client.registered.v1')) await requireRoom(tx, client);
        await beforeCommit?.();
      },
    });
    const client = existing(state);
    return { client, changed: changed ?? (await currentSubject(subjects, client)) };
  }

  async #remember(tx: EntityManager, request: RepeatableRequest, client: ExistingClient, at: Date): Promise<void> {
    const { requestsOnce = true } = this.parts.safeguards ?? {};
    const issued = { id: client.clientId, secretNumber: client.lastSecretNumber };
    if ((await rememberIssued(tx, 'client_id', request, issued, at)) || !requestsOnce) return;
    throw new AppError('claim.taken', { details: { scope: 'idempotency' }, internal: 'the request is another’s' });
  }

  async #writeDigest(tx: EntityManager, client: ExistingClient, secret: Secret): Promise<void> {
    const sha256 = createHash('sha256').update(secret.reveal()).digest();
    const { version, digest } = this.parts.peppers.current(sha256);
    await tx.query(
      `INSERT INTO client_secret_digest (digest, pepper_version, workspace_id, client_id, secret_number)
       VALUES ($1, $2, $3, $4, $5)`,
      [digest, version, client.workspaceId, client.clientId, client.lastSecretNumber],
    );
  }
}

function existing(state: ClientState): ExistingClient {
  if (state.status === 'None') throw new Error('a client without events was written');
  return state;
}

/** Those that are registered at the same moment do not see each other: that many more do no harm, and nobody waits for anybody. */
async function requireRoom(tx: EntityManager, { workspaceId }: ExistingClient): Promise<void> {
  const [counted] = await tx.query<{ clients: string }[]>(
    'SELECT count(*) AS clients FROM client_list WHERE workspace_id = $1 AND deleted_at IS NULL',
    [workspaceId],
  );
  if (Number(counted?.clients) > CLIENTS_MAX) throw new AppError('client.too_many');
}
