import { DENIAL_REASONS, type CheckResult } from '@latchkey/contracts';
import { z } from 'zod';

/** RFC 9110 §5.6.2 and §5.5: a name is a token; a value has no control characters, so no reply can be split. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/);
const headerValue = z
  .string()
  .max(2_000)
  .regex(/^[\t\x20-\x7e]*$/);

const count = z.number().int().nonnegative();

const principal = z.object({
  kind: z.enum(['api_key', 'session', 'client']),
  id: z.string().min(1),
  secret_id: z.string().min(1),
  workspace_id: z.string().min(1),
  user_id: z.string().min(1),
  name: z.string(),
  scopes: z.array(z.string()),
  assets: z.union([z.literal('all'), z.array(z.string())]),
});

/**
 * The reply of enforcement, checked before it is believed: an allowed call has a principal and no reason. Fields that a
 * newer enforcement adds are left out, not refused.
 */
export const checkResult = z
  .object({
    allowed: z.boolean(),
    reason: z.enum(DENIAL_REASONS).nullable(),
    status: z.number().int().min(200).max(599),
    principal: principal.nullable(),
    limits: z.array(z.object({ name: z.string(), limit: count, remaining: count, reset_at: count })),
    retry_after: count.optional(),
    headers: z.record(headerName, headerValue),
    checked_at: z.string(),
    via: z.enum(['cache', 'owner', 'memory']),
  })
  .refine(({ allowed, reason, principal: who }) => (allowed ? reason === null && who !== null : reason !== null), {
    error: 'allowed, reason and principal contradict each other',
  });

/** @throws Error when `reply` is not a check result. */
export function parseCheckResult(reply: unknown): CheckResult {
  const { retry_after, ...result } = checkResult.parse(reply);
  return retry_after === undefined ? result : { ...result, retry_after };
}
