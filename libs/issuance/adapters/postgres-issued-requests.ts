import { AppError, type KeyId } from '@latchkey/kernel';
import { canonicalJson, databaseFailure } from '@latchkey/event-store';
import type { OwnerReader } from '@latchkey/live-state';
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { ExistingKey, IssuedRequests, RepeatableRequest, WrittenKey } from '../application/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';
import { currentSubject } from './current-subject';

const HOUR_MS = 3_600_000;
/** How long a request is remembered. */
const REMEMBERED_MS = 24 * HOUR_MS;
/** Each request that is remembered makes room for several, so that the table does not outgrow a day's requests for long. */
const FORGOTTEN_AT_ONCE = 10;

const COLUMNS = keyListProjection.columns.map((column) => `k.${column}`).join(', ');

interface IssuedRow extends KeyListRow {
  readonly operation: string;
  readonly request_digest: Buffer;
}

/** Requests that have issued a secret, by `Idempotency-Key`. Their rows are written with the events: `rememberRequest`. */
export class PostgresIssuedRequests implements IssuedRequests {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subjects: OwnerReader,
  ) {}

  async find(request: RepeatableRequest, now: Date): Promise<WrittenKey | null> {
    const { workspaceId, actorId, key, operation, body } = request;
    const [row] = await this.#query<IssuedRow>(
      `SELECT i.operation, i.request_digest, ${COLUMNS} FROM idempotency i JOIN key_list k USING (key_id)
        WHERE i.workspace_id = $1 AND i.actor_id = $2 AND i.idempotency_key = $3 AND i.created_at > $4`,
      [workspaceId, actorId, key, oldestAt(now)],
    );
    if (!row) return null;
    if (row.operation !== operation || !row.request_digest.equals(digestOf(body))) {
      throw new AppError('request.idempotency_key_reused', { field: 'Idempotency-Key' });
    }
    await this.#query(
      `UPDATE idempotency SET replayed_at = $4
        WHERE workspace_id = $1 AND actor_id = $2 AND idempotency_key = $3 AND replayed_at IS NULL`,
      [workspaceId, actorId, key, now],
    );
    const found = keyOf(row);
    return { key: found, changed: await currentSubject(this.subjects, found) };
  }

  async isLost(key: KeyId, secretNumber: number, now: Date): Promise<boolean> {
    const rows = await this.#query(
      `SELECT FROM idempotency
        WHERE key_id = $1 AND secret_number = $2 AND replayed_at IS NOT NULL AND created_at > $3`,
      [key, secretNumber, oldestAt(now)],
    );
    return rows.length > 0;
  }

  async #query<Row>(statement: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'reading issued requests');
    }
  }
}

/**
 * In the transaction of the events. Waits for one that is about to remember the same request, and forgets some that are too old.
 * @returns whether the request was not remembered yet
 */
export async function rememberRequest(
  tx: EntityManager,
  { workspaceId, actorId, key, operation, body }: RepeatableRequest,
  { keyId: issued, lastSecretNumber }: ExistingKey,
  now: Date,
): Promise<boolean> {
  const written = await tx.query<unknown[]>(
    `WITH forgotten AS (
       DELETE FROM idempotency WHERE ctid IN (
         SELECT ctid FROM idempotency
          WHERE created_at <= $9 AND (workspace_id, actor_id, idempotency_key) <> ($1, $2, $3)
          ORDER BY created_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))
     INSERT INTO idempotency
       (workspace_id, actor_id, idempotency_key, operation, request_digest, key_id, secret_number, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (workspace_id, actor_id, idempotency_key) DO UPDATE
       SET operation = excluded.operation, request_digest = excluded.request_digest, key_id = excluded.key_id,
           secret_number = excluded.secret_number, created_at = excluded.created_at, replayed_at = NULL
       WHERE idempotency.created_at <= $9
     RETURNING 1`,
    [workspaceId, actorId, key, operation, digestOf(body), issued, lastSecretNumber, now, oldestAt(now)],
  );
  return written.length > 0;
}

const oldestAt = (now: Date): Date => new Date(now.getTime() - REMEMBERED_MS);

const digestOf = (body: unknown): Buffer => createHash('sha256').update(canonicalJson(body)).digest();
