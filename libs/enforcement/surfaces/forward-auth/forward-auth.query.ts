import { z } from 'zod';

const several = <Item extends z.ZodType<string, string>>(item: Item) =>
  z.union([item.transform((one) => [one]), z.array(item)]);

/** `Authorization: Bearer`, `X-API-Key`, and for session tokens the cookie and the query of the call (C4). */
const form = z.enum(['bearer', 'x-api-key', 'cookie', 'query']);

/** What the configuration of the proxy says of the calls that it holds back. Bounds that it does not name are those of the check. */
export const forwardAuthQuery = z.strictObject({
  scope: several(z.string()).default([]),
  form: several(form).default(['bearer', 'x-api-key', 'cookie']),
  asset: z.string().optional(),
  own_assets: z.enum(['true', 'false']).optional(),
  second_factor: z.enum(['required', 'exempt']).optional(),
  /** Whose pages may change something in the name of a visitor with the session's cookie, besides those of the call's own host. */
  origin: several(z.string()).default([]),
  /** Slug of the workspace whose host was called. */
  tenant: z.string().optional(),
  action: z.string().optional(),
  /** From 1: a call that goes through is one. */
  cost: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a whole number from 1')
    .transform(Number)
    .optional(),
  /** `nginx`: its auth_request understands 2xx, 401 and 403 alone (C16). */
  statuses: z.enum(['all', 'nginx']).default('all'),
});

export type ForwardAuthQuery = z.output<typeof forwardAuthQuery>;
