import { AppError } from '@latchkey/kernel';
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { canonicalJson } from '../canonical-json';
import { databaseFailure } from '../postgres/database-failure';
import type { IssuedSecret, RepeatableRequest } from './repeatable-request';

const HOUR_MS = 3_600_000;
/** How long a request is remembered. */
const REMEMBERED_MS = 24 * HOUR_MS;
/** Each request that is remembered makes room for several, so that the table does not outgrow a day's requests for long. */
const FORGOTTEN_AT_ONCE = 10;

/** Column of the id of what a secret is of. */
export type IdColumn = 'key_id' | 'client_id';

/** The table, in a service's own schema. */
export const createIssuedSecrets = async (runner: QueryRunner, idColumn: IdColumn): Promise<void> => {
  await runner.query(`
    CREATE TABLE idempotency (
      workspace_id    text COLLATE "C" NOT NULL,
      actor_id        text COLLATE "C" NOT NULL,
      idempotency_key text COLLATE "C" NOT NULL,
      operation       text             NOT NULL,
      request_digest  bytea            NOT NULL CHECK (length(request_digest) = 32),
      ${idColumn}     text COLLATE "C" NOT NULL,
      secret_number   integer          NOT NULL,
      created_at      timestamptz(3)   NOT NULL,
      -- Somebody has sent the request again, so the secret reached nobody.
      replayed_at     timestamptz(3),
      PRIMARY KEY (workspace_id, actor_id, idempotency_key)
    );
    CREATE INDEX idempotency_oldest ON idempotency (created_at);
    CREATE INDEX idempotency_lost ON idempotency (${idColumn}, secret_number) WHERE replayed_at IS NOT NULL;
  `);
};

interface IssuedRow {
  readonly id: string;
  readonly secret_number: number;
  readonly operation: string;
  readonly request_digest: Buffer;
}

/** Requests that have issued a secret, by `Idempotency-Key`, for a day. Their rows are written with the events: `rememberIssued`. */
export class IssuedSecrets {
  constructor(
    private readonly dataSource: DataSource,
    private readonly idColumn: IdColumn,
  ) {}

  /**
   * What the request has issued; `null`: nothing. Who asks again had no answer: the secret counts as lost from here on.
   * @throws AppError `request.idempotency_key_reused` when the caller's request of that name was another one
   */
  async find(request: RepeatableRequest, now: Date): Promise<IssuedSecret | null> {
    const { workspaceId, actorId, key, operation, body } = request;
    const [row] = await this.#query<IssuedRow>(
      `SELECT ${this.idColumn} AS id, secret_number, operation, request_digest FROM idempotency
        WHERE workspace_id = $1 AND actor_id = $2 AND idempotency_key = $3 AND created_at > $4`,
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
    return { id: row.id, secretNumber: row.secret_number };
  }

  /** Whether the reply that showed the secret is known to have reached nobody. */
  async isLost({ id, secretNumber }: IssuedSecret, now: Date): Promise<boolean> {
    const rows = await this.#query(
      `SELECT FROM idempotency
        WHERE ${this.idColumn} = $1 AND secret_number = $2 AND replayed_at IS NOT NULL AND created_at > $3`,
      [id, secretNumber, oldestAt(now)],
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
export async function rememberIssued(
  tx: EntityManager,
  idColumn: IdColumn,
  { workspaceId, actorId, key, operation, body }: RepeatableRequest,
  { id, secretNumber }: IssuedSecret,
  now: Date,
): Promise<boolean> {
  const written = await tx.query<unknown[]>(
    `WITH forgotten AS (
       DELETE FROM idempotency WHERE ctid IN (
         SELECT ctid FROM idempotency
          WHERE created_at <= $9 AND (workspace_id, actor_id, idempotency_key) <> ($1, $2, $3)
          ORDER BY created_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))
     INSERT INTO idempotency
       (workspace_id, actor_id, idempotency_key, operation, request_digest, ${idColumn}, secret_number, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (workspace_id, actor_id, idempotency_key) DO UPDATE
       SET operation = excluded.operation, request_digest = excluded.request_digest, ${idColumn} = excluded.${idColumn},
           secret_number = excluded.secret_number, created_at = excluded.created_at, replayed_at = NULL
       WHERE idempotency.created_at <= $9
     RETURNING 1`,
    [workspaceId, actorId, key, operation, digestOf(body), id, secretNumber, now, oldestAt(now)],
  );
  return written.length > 0;
}

const oldestAt = (now: Date): Date => new Date(now.getTime() - REMEMBERED_MS);

const digestOf = (body: unknown): Buffer => createHash('sha256').update(canonicalJson(body)).digest();
