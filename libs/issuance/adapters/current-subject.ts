import type { ChangedSubject, OwnerReader } from '@latchkey/live-state';
import type { ExistingKey } from '../application/ports';

/** The key's subject as it is now, for an answer that rests on somebody else's change. */
export async function currentSubject(
  subjects: OwnerReader,
  { keyId, workspaceId }: ExistingKey,
): Promise<ChangedSubject> {
  const [snapshot] = await subjects.read([{ kind: 'key', id: keyId }]);
  return { kind: 'key', id: keyId, workspaceId, version: snapshot?.version ?? 0 };
}
