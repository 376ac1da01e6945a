import { instant, pageQuery } from '@latchkey/platform';
import { z } from 'zod';
import type { KeyFilter, KeySort } from '../../application/key-list-query';
import { filterParameters, keyFilter, namePart } from '../key-lists/filter-parameters';
import type { KeyListing } from '../key-lists/key-list-requests';

const NOT_BESIDE = ['sort_by', 'sort_order', 'status'] as const;

/** `secret_before`: keys that pass and whose newest secret is older, the oldest first: those to rotate (S2-16). */
const listQuery = pageQuery
  .extend({
    name: namePart,
    ...filterParameters,
    sort_by: z.enum(['created_at', 'name', 'expires_at', 'last_used']).optional(),
    sort_order: z.enum(['asc', 'desc']).optional(),
    secret_before: instant.optional(),
  })
  .superRefine((query, context) => {
    if (query.secret_before === undefined) return;
    for (const name of NOT_BESIDE.filter((each) => query[each] !== undefined)) {
      context.addIssue({ code: 'custom', path: [name], message: 'must not stand beside "secret_before"' });
    }
  })
  .transform(({ sort_by = 'created_at', sort_order = 'desc', ...query }) => ({ ...query, sort_by, sort_order }));

type ListQuery = z.output<typeof listQuery>;

const SORTED_BY: Readonly<Record<ListQuery['sort_by'], KeySort>> = {
  created_at: 'created',
  name: 'name',
  expires_at: 'expires',
  last_used: 'last_used',
};

export const keyListing: KeyListing<ListQuery> = {
  name: 'api-keys',
  query: listQuery,
  orderOf: ({ secret_before: before, sort_by: by, sort_order: direction }) =>
    before === undefined ? { by: SORTED_BY[by], direction } : { by: 'secret', direction: 'asc' },
};

export function filterOf({ name, secret_before: secretBefore, ...parameters }: ListQuery, now: Date): KeyFilter {
  return {
    ...keyFilter(parameters, now),
    ...(name !== undefined && { name }),
    ...(secretBefore && { secretBefore, status: 'active' }),
  };
}
