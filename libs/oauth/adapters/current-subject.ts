import type { ChangedSubject, OwnerReader } from '@latchkey/live-state';
import type { Client } from '../domain/client/client';

/** The client's subject as it is now, for an answer that rests on somebody else's change. */
export async function currentSubject(
  subjects: OwnerReader,
  { clientId, workspaceId }: Pick<Client, 'clientId' | 'workspaceId'>,
): Promise<ChangedSubject> {
  const [snapshot] = await subjects.read([{ kind: 'client', id: clientId }]);
  return { kind: 'client', id: clientId, workspaceId, version: snapshot?.version ?? 0 };
}
