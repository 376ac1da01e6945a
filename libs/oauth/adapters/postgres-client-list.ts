import { databaseFailure, type KeptState } from '@latchkey/event-store';
import type { ClientId, WorkspaceId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { ClientList, ClientPosition } from '../application/ports';
import type { ClientState, ExistingClient } from '../domain/client/client';
import { clientListProjection, clientOf, type ClientListRow } from '../projections/client-list.projection';

const COLUMNS = clientListProjection.columns.join(', ');

/** The list of clients in oauth's schema. */
export class PostgresClientList implements ClientList {
  constructor(private readonly dataSource: DataSource) {}

  async find(workspaceId: WorkspaceId, clientId: string): Promise<ExistingClient | null> {
    const [client] = await this.#select('WHERE workspace_id = $1 AND client_id = $2', [workspaceId, clientId]);
    return client ?? null;
  }

  after(workspaceId: WorkspaceId, position: ClientPosition | null, limit: number): Promise<readonly ExistingClient[]> {
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

  async #select(where: string, parameters: readonly unknown[]): Promise<readonly ExistingClient[]> {
    return (await this.#rows(where, parameters)).map(clientOf);
  }

  async #rows(where: string, parameters: readonly unknown[]): Promise<readonly ClientListRow[]> {
    try {
      return await this.dataSource.query<ClientListRow[]>(`SELECT ${COLUMNS} FROM client_list ${where}`, [
        ...parameters,
      ]);
    } catch (error) {
      throw databaseFailure(error, 'reading the list of clients');
    }
  }
}
