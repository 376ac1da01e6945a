import { AppError, type WorkspaceId } from '@latchkey/kernel';
import type { ClientList, ListedClient } from './ports';

const CLIENT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws AppError `client.not_found`, the same for one of another workspace, for none, and for an id that cannot be one. */
export async function findClient(clients: ClientList, workspaceId: WorkspaceId, id: string): Promise<ListedClient> {
  const client = CLIENT_ID.test(id) ? await clients.find(workspaceId, id) : null;
  if (!client) throw new AppError('client.not_found');
  return client;
}
