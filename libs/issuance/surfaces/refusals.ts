import type { ErrorCode } from '@latchkey/kernel';

/** What can be wrong with what a key is to have. */
export const GRANT_REFUSALS = [
  'key.exceeds_grantor',
  'key.unknown_scope',
  'key.unknown_plan',
  'key.invalid_ip',
  'key.expiry_in_past',
  'key.expiry_required',
  'key.lifetime_too_long',
  'scope_set.unknown',
] as const satisfies readonly ErrorCode[];

/** Why a key that there is cannot be changed. */
export const STANDING_REFUSALS = [
  'key.not_found',
  'key.already_revoked',
  'key.expired',
  'key.suspended',
  'key.last_admin',
] as const satisfies readonly ErrorCode[];
