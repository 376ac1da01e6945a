import type { WorkspaceId } from '@latchkey/kernel';
import { findClient } from './find-client';
import type { ClientList, ClientPosition, ListedClient } from './ports';

export interface ClientPage {
  readonly clients: readonly ListedClient[];
  /** Where the next page begins, `null` on the last one. */
  readonly next: ClientPosition | null;
}

/** A workspace's applications, deleted ones included. */
export class ReadClientsQuery {
  constructor(private readonly list: ClientList) {}

  /** @throws AppError `client.not_found` */
  one(workspaceId: WorkspaceId, id: string): Promise<ListedClient> {
    return findClient(this.list, workspaceId, id);
  }

  /** Newest first. */
  async after(workspaceId: WorkspaceId, position: ClientPosition | null, limit: number): Promise<ClientPage> {
    const found = await this.list.after(workspaceId, position, limit + 1);
    const clients = found.slice(0, limit);
    const last = clients.at(-1);
    return { clients, next: found.length > limit && last ? { at: last.createdAt, id: last.clientId } : null };
  }
}
