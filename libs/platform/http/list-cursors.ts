import { AppError } from '@latchkey/kernel';
import type { CursorCodec } from './cursor-codec';

/** Place in a list that is sorted by time, ties by id. */
export interface ListPosition {
  readonly at: Date;
  readonly id: string;
}

/** Cursors of lists that are sorted in one way; one of another list, or of somebody else's, is refused. */
export class ListCursors {
  constructor(
    private readonly codec: CursorCodec,
    private readonly sort: 'created_at:asc' | 'created_at:desc',
  ) {}

  /** @param list its name in the address @param of the workspace or user whose it is */
  write(list: string, of: string, { at, id }: ListPosition): string {
    return this.codec.encode(`${list}:${of}`, { sort: this.sort, after: [at.toISOString(), id] });
  }

  /** @throws AppError `request.invalid_cursor` */
  read(list: string, of: string, text: string | undefined): ListPosition | null {
    if (text === undefined) return null;
    const { sort, after } = this.codec.decode(`${list}:${of}`, text);
    const [at, id] = after;
    if (sort !== this.sort || typeof at !== 'string' || typeof id !== 'string') {
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    }
    return { at: new Date(at), id };
  }
}
