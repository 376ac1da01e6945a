import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { KeyReach } from '../application/key-reaches';
import type { KeyList, KeyListPosition, KeyListQuery, ListedKey, OldSecretsQuery } from '../application/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';

const COLUMNS = keyListProjection.columns.join(', ');
/** Of any of its secrets. */
const LAST_USED =
  '(SELECT max(last_used_at) FROM key_last_used WHERE key_last_used.key_id = key_list.key_id) AS last_used_at';

interface ListedRow extends KeyListRow {
  readonly last_used_at: Date | null;
}

const ORDER = 'ORDER BY created_at DESC, key_id DESC';
/** As in the index. */
const SECRET_CREATED_AT = `(secrets -> -1 ->> 'created_at') COLLATE "C"`;

export class PostgresKeyList implements KeyList {
  constructor(private readonly dataSource: DataSource) {}

  async find(reach: KeyReach, id: string): Promise<ListedKey | null> {
    const column = id.startsWith('key-') ? 'display_id' : 'key_id';
    const [key] = await this.#select(reach, `AND ${column} = $3`, [id]);
    return key ?? null;
  }

  async after(
    { reach, liveOnly, limit }: KeyListQuery,
    position: KeyListPosition | null,
  ): Promise<readonly ListedKey[]> {
    const from = position ? 'AND (created_at, key_id) < ($4, $5)' : '';
    return this.#select(reach, `${live(liveOnly)} ${from} ${ORDER} LIMIT $3`, [
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  async withOldSecrets(
    { reach, before, now, limit }: OldSecretsQuery,
    position: KeyListPosition | null,
  ): Promise<readonly ListedKey[]> {
    const from = position ? `AND (${SECRET_CREATED_AT}, key_id) > ($6, $7)` : '';
    return this.#select(
      reach,
      `${live(true)} AND ${SECRET_CREATED_AT} < $4 AND (expires_at IS NULL OR expires_at > $5) ${from}
       ORDER BY ${SECRET_CREATED_AT}, key_id LIMIT $3`,
      [...[limit, before.toISOString(), now], ...(position ? [position.at.toISOString(), position.id] : [])],
    );
  }

  async skipping({ reach, liveOnly, limit }: KeyListQuery, offset: number): Promise<readonly ListedKey[]> {
    return this.#select(reach, `${live(liveOnly)} ${ORDER} LIMIT $3 OFFSET $4`, [limit, offset]);
  }

  async liveCount({ workspaceId, userId }: KeyReach): Promise<number> {
    const [row] = await (userId === null
      ? this.#query<{ live: string | null }>('SELECT sum(live) AS live FROM key_count WHERE workspace_id = $1', [
          workspaceId,
        ])
      : this.#query<{ live: string | null }>(
          `SELECT count(*) AS live FROM key_list WHERE workspace_id = $1 AND user_id = $2 ${live(true)}`,
          [workspaceId, userId],
        ));
    return Number(row?.live ?? 0);
  }

  /** @param and takes `parameters` from $3 on */
  async #select(
    { workspaceId, userId }: KeyReach,
    and: string,
    parameters: readonly unknown[],
  ): Promise<readonly ListedKey[]> {
    // $2 is used in both, so that what follows counts on.
    const reached = userId === null ? '$2::text IS NULL' : 'user_id = $2';
    const rows = await this.#query<ListedRow>(
      `SELECT ${COLUMNS}, ${LAST_USED} FROM key_list WHERE workspace_id = $1 AND ${reached} ${and}`,
      [workspaceId, userId, ...parameters],
    );
    return rows.map((row) => ({ ...keyOf(row), lastUsedAt: row.last_used_at }));
  }

  async #query<Row>(statement: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'reading the list of keys');
    }
  }
}

const live = (liveOnly: boolean): string => (liveOnly ? 'AND revoked_at IS NULL' : '');
