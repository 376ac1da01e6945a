import type { WorkspaceId } from '@latchkey/kernel';
import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { KeyList, KeyListPosition, KeyListQuery, ListedKey } from '../application/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';

const COLUMNS = keyListProjection.columns.join(', ');
/** Of any of its secrets. */
const LAST_USED =
  '(SELECT max(last_used_at) FROM key_last_used WHERE key_last_used.key_id = key_list.key_id) AS last_used_at';

interface ListedRow extends KeyListRow {
  readonly last_used_at: Date | null;
}

const ORDER = 'ORDER BY created_at DESC, key_id DESC';

export class PostgresKeyList implements KeyList {
  constructor(private readonly dataSource: DataSource) {}

  async find(workspaceId: WorkspaceId, id: string): Promise<ListedKey | null> {
    const column = id.startsWith('key-') ? 'display_id' : 'key_id';
    const [key] = await this.#select(`WHERE workspace_id = $1 AND ${column} = $2`, [workspaceId, id]);
    return key ?? null;
  }

  async after(
    { workspaceId, liveOnly, limit }: KeyListQuery,
    position: KeyListPosition | null,
  ): Promise<readonly ListedKey[]> {
    const from = position ? 'AND (created_at, key_id) < ($3, $4)' : '';
    return this.#select(`WHERE workspace_id = $1 ${live(liveOnly)} ${from} ${ORDER} LIMIT $2`, [
      workspaceId,
      limit,
      ...(position ? [position.createdAt, position.keyId] : []),
    ]);
  }

  async skipping({ workspaceId, liveOnly, limit }: KeyListQuery, offset: number): Promise<readonly ListedKey[]> {
    return this.#select(`WHERE workspace_id = $1 ${live(liveOnly)} ${ORDER} LIMIT $2 OFFSET $3`, [
      workspaceId,
      limit,
      offset,
    ]);
  }

  async liveCount(workspaceId: WorkspaceId): Promise<number> {
    const [row] = await this.#query<{ live: string | null }>(
      'SELECT sum(live) AS live FROM key_count WHERE workspace_id = $1',
      [workspaceId],
    );
    return Number(row?.live ?? 0);
  }

  async #select(where: string, parameters: readonly unknown[]): Promise<readonly ListedKey[]> {
    const rows = await this.#query<ListedRow>(`SELECT ${COLUMNS}, ${LAST_USED} FROM key_list ${where}`, parameters);
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
