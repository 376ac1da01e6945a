import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, pageQuery, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { KeyFilter, KeySort, KeyStatus } from '../../application/key-list-query';
import { filterParameters, keyFilter, namePart } from '../key-lists/filter-parameters';
import type { KeyListing } from '../key-lists/key-list-requests';

const SORTS = ['created', 'label', 'expires', 'last_used'] as const;
const ORDERS = ['asc', 'desc'] as const;
/** A key that was deleted is not there any more. */
const STATUSES = ['active', 'suspended', 'expired'] as const satisfies readonly KeyStatus[];
const DEFAULTS = { sort_by: 'created', sort_order: 'desc', hydrate: 'true' } as const;

/** S4-06: the standard pagination parameters, and the filters that `/filters` announces. */
const listQuery = pageQuery.extend({
  sort_by: z.enum(SORTS).default(DEFAULTS.sort_by),
  sort_order: z.enum(ORDERS).default(DEFAULTS.sort_order),
  hydrate: z
    .enum(['true', 'false'])
    .default(DEFAULTS.hydrate)
    .transform((text) => text === 'true'),
  label: namePart,
  ...filterParameters,
  status: z.enum(STATUSES).optional(),
});

type ListQuery = z.output<typeof listQuery>;

const SORTED_BY: Readonly<Record<ListQuery['sort_by'], KeySort>> = {
  created: 'created',
  label: 'name',
  expires: 'expires',
  last_used: 'last_used',
};

export const keyListing: KeyListing<ListQuery> = {
  name: 'admin/api-keys',
  query: listQuery,
  orderOf: ({ sort_by: by, sort_order: direction }) => ({ by: SORTED_BY[by], direction }),
};

export const filterOf = ({ label, ...parameters }: ListQuery, now: Date): KeyFilter => ({
  ...keyFilter(parameters, now),
  ...(label !== undefined && { name: label }),
});

const operatorSchema = z.strictObject({
  operator: z.string(),
  /** Of the list. */
  parameter: listQuery.keyof(),
  /** Of its value, where it is another one than the filter's. */
  type: z.literal('integer').exactOptional(),
});

const filterSchema = z.strictObject({
  name: z.string(),
  type: z.enum(['string', 'enum', 'datetime']),
  values: z.array(z.string()).exactOptional(),
  operators: z.array(operatorSchema),
});

/** S4-07: how the list can be asked. */
export const filterMetadataSchema = z
  .strictObject({
    filters: z.array(filterSchema),
    sorts: z.strictObject({
      fields: z.array(z.string()),
      orders: z.array(z.string()),
      default: z.strictObject({ sort_by: z.string(), sort_order: z.string() }),
    }),
    pagination: z.strictObject({
      limit: z.strictObject({ default: z.number(), max: z.number() }),
      hydrate: z.strictObject({ default: z.boolean() }),
    }),
  })
  .meta({ id: 'ApiKeyFilters' });

type Filter = Reply<typeof filterSchema>;

const equals = (parameter: keyof ListQuery): Filter['operators'] => [{ operator: 'equals', parameter }];

const FILTERS: readonly Filter[] = [
  { name: 'label', type: 'string', operators: [{ operator: 'contains', parameter: 'label' }] },
  { name: 'scopes', type: 'string', operators: [{ operator: 'contains', parameter: 'scope' }] },
  { name: 'status', type: 'enum', values: STATUSES, operators: equals('status') },
  { name: 'created_by', type: 'string', operators: equals('created_by') },
  { name: 'tag', type: 'string', operators: equals('tag') },
  {
    name: 'created',
    type: 'datetime',
    operators: [
      { operator: 'after', parameter: 'created_after' },
      { operator: 'before', parameter: 'created_before' },
      { operator: 'older_than_days', parameter: 'older_than_days', type: 'integer' },
    ],
  },
  {
    name: 'expires',
    type: 'datetime',
    operators: [
      { operator: 'after', parameter: 'expires_after' },
      { operator: 'before', parameter: 'expires_before' },
    ],
  },
  {
    name: 'last_used',
    type: 'datetime',
    operators: [
      { operator: 'after', parameter: 'last_used_after' },
      { operator: 'before', parameter: 'last_used_before' },
      { operator: 'unused_for_days', parameter: 'unused_for_days', type: 'integer' },
    ],
  },
];

export const filterMetadata: Reply<typeof filterMetadataSchema> = {
  filters: FILTERS,
  sorts: {
    fields: SORTS,
    orders: ORDERS,
    default: { sort_by: DEFAULTS.sort_by, sort_order: DEFAULTS.sort_order },
  },
  pagination: { limit: { default: PAGE_LIMIT_DEFAULT, max: PAGE_LIMIT_MAX }, hydrate: { default: true } },
};
