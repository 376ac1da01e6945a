import { AppError } from '@latchkey/kernel';
import type { CursorCodec } from '@latchkey/platform';
import type { ListPosition } from '../../application/ports';

/** Cursors of identity's lists; one of another list, workspace or user is refused. */
export class ListCursors {
  constructor(private readonly codec: CursorCodec) {}

  /** @param list its name in the address @param of the workspace or user whose it is */
  write(list: string, of: string, { at, id }: ListPosition): string {
    return this.codec.encode(`${list}:${of}`, { sort: SORT, after: [at.toISOString(), id] });
  }

  /** @throws AppError `request.invalid_cursor` */
  read(list: string, of: string, text: string | undefined): ListPosition | null {
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
