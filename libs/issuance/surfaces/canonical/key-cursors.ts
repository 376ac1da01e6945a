import { AppError, type WorkspaceId } from '@latchkey/kernel';
import type { CursorCodec } from '@latchkey/platform';
import type { KeyListPosition } from '../../application/ports';

const SORT = 'created_at:desc';
const listOf = (workspaceId: WorkspaceId) => `api-keys:${workspaceId}`;

/** Cursors of the list of keys; one of another workspace is refused. */
export class KeyCursors {
  constructor(private readonly codec: CursorCodec) {}

  write(workspaceId: WorkspaceId, { createdAt, keyId }: KeyListPosition): string {
    return this.codec.encode(listOf(workspaceId), { sort: SORT, after: [createdAt.toISOString(), keyId] });
  }

  /** @throws AppError `request.invalid_cursor` */
  read(workspaceId: WorkspaceId, text: string): KeyListPosition {
    const { sort, after } = this.codec.decode(listOf(workspaceId), text);
    const [createdAt, keyId] = after;
    if (sort !== SORT || typeof createdAt !== 'string' || typeof keyId !== 'string') {
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    }
    return { createdAt: new Date(createdAt), keyId };
  }
}
