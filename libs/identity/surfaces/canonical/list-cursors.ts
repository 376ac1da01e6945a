import { AppError, type WorkspaceId } from '@latchkey/kernel';
import type { CursorCodec } from '@latchkey/platform';
import type { ListPosition } from '../../application/ports';

/** Cursors of identity's lists; one of another list or workspace is refused. */
export class ListCursors {
  constructor(private readonly codec: CursorCodec) {}

  /** @param list its name in the address, and what it is of */
  write(list: string, of: WorkspaceId, { at, id }: ListPosition): string {
    return this.codec.encode(`${list}:${of}`, { sort: SORT, after: [at.toISOString(), id] });
  }

  /** @throws AppError `request.invalid_cursor` */
  read(list: string, of: WorkspaceId, text: string | undefined): ListPosition | null {
    if (text === undefined) return null;
    const { sort, after } = this.codec.decode(`${list}:${of}`, text);
    const [at, id] = after;
    if (sort !== SORT || typeof at !== 'string' || typeof id !== 'string') {
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    }
    return { at: new Date(at), id };
  }
}

const SORT = 'created_at:asc';
