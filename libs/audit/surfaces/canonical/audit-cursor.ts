import { AppError } from '@latchkey/kernel';
import type { CursorCodec } from '@latchkey/platform';
import { z } from 'zod';
import type { AuditSort } from '../../application/ports';

const SORT = '-time';
const sortColumns = z.tuple([z.iso.datetime(), z.string(), z.string()]);
const listOf = (workspaceId: string) => `audit-events/${workspaceId}`;

export const cursorAfter = (cursors: CursorCodec, workspaceId: string, { time, source, position }: AuditSort): string =>
  cursors.encode(listOf(workspaceId), { sort: SORT, after: [time.toISOString(), source, position] });

/** @throws AppError `request.invalid_cursor` */
export function afterOf(cursors: CursorCodec, workspaceId: string, text: string): AuditSort {
  const columns = sortColumns.safeParse(cursors.decode(listOf(workspaceId), text).after);
  if (!columns.success) throw new AppError('request.invalid_cursor', { field: 'cursor' });
  const [time, source, position] = columns.data;
  return { time: new Date(time), source, position };
}
