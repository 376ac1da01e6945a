import { z } from 'zod';

export const PAGE_LIMIT_DEFAULT = 20;
export const PAGE_LIMIT_MAX = 200;
const CURSOR_LENGTH_MAX = 4_000;

const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().min(1).max(PAGE_LIMIT_MAX))
  .default(PAGE_LIMIT_DEFAULT);

/** The paging part of every list's query: `limit` (1 to 200, 20 when absent) and `cursor`. Extend it with filters. */
export const pageQuery = z.strictObject({ limit, cursor: z.string().max(CURSOR_LENGTH_MAX).optional() });

export type PageQuery = z.infer<typeof pageQuery>;

/** A page of a list (design: interfaces). */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** The same, for the OpenAPI document. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    /** Where the next page begins; null: there is none. */
    next_cursor: z.string().nullable(),
  });
