import { z } from 'zod';

const PER_PAGE_DEFAULT = 20;
const PER_PAGE_MAX = 200;

const wholeNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/, 'must be a whole number')
  .transform(Number);

/** S0-11. How far pages go is for the query to say (C33). */
export const listQuery = z.strictObject({
  page: wholeNumber.pipe(z.number().min(1)).default(1),
  per_page: wholeNumber.pipe(z.number().min(1).max(PER_PAGE_MAX)).default(PER_PAGE_DEFAULT),
});

export type ListQuery = z.output<typeof listQuery>;
