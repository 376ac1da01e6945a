import { databaseFailure, type KeptState } from '@latchkey/event-store';
import type { ClientId, WorkspaceId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { ClientList, ClientPosition, ListedClient } from '../application/ports';
import type { ClientState } from '../domain/client/client';
import { clientListProjection, clientOf, type ClientListRow } from '../projections/client-list.projection';

const COLUMNS = [
  ...clientListProjection.columns,
  '(SELECT last_used_at FROM client_last_used WHERE client_last_used.client_id = client_list.client_id) AS last_used_at',
].join(', ');

interface ListedRow extends ClientListRow {
  readonly last_used_at: Date | null;
}

/** The list of clients in oauth's schema. */
export class PostgresClientList implements ClientList {
  constructor(private readonly dataSource: DataSource) {}

  async find(workspaceId: WorkspaceId, clientId: string): Promise<ListedClient | null> {
    const [client] = await this.#select('WHERE workspace_id = $1 AND client_id = $2', [workspaceId, clientId]);
    return client ?? null;
  }

  after(workspaceId: WorkspaceId, position: ClientPosition | null, limit: number): Promise<readonly ListedClient[]> {
    const from = position ? 'AND (created_at, client_id) < ($3, $4)' : '';
    return this.#select(`WHERE workspace_id = $1 ${from} ORDER BY created_at DESC, client_id DESC LIMIT $2`, [
      workspaceId,
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  /** The client at the version of its row, of whatever workspace. */
  async kept(clientId: ClientId): Promise<KeptState<ClientState> | null> {
    const [row] = await this.#rows('WHERE client_id = $1', [clientId]);
    return row ? { state: clientOf(row), version: row.version } : null;
  }

  async #select(where: string, parameters: readonly unknown[]): Promise<readonly ListedClient[]> {
    const rows = await this.#rows(where, parameters);
    return rows.map((row) => ({ ...clientOf(row), lastUsedAt: row.last_used_at }));
  }

  async #rows(where: string, parameters: readonly unknown[]): Promise<readonly ListedRow[]> {
    try {
      return await this.dataSource.query<ListedRow[]>(`SELECT ${COLUMNS} FROM client_list ${where}`, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'reading the list of clients');
    }
  }
}
