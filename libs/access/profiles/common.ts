import type { Window } from '@latchkey/contracts';
import type { CredentialForm, KeyShape, Plan, ScopeDefinition } from './profile';

export const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 37 random characters hold 220 bits; 6 are the fewest that hold a CRC-32. */
export const mixedCaseKey = (prefix: string): KeyShape => ({
  prefix,
  alphabet: BASE62,
  randomLength: 37,
  checksumLength: 6,
});

/** The canonical name of every profile's admin scope. */
export const ADMIN_SCOPE = 'admin:full';

/** Scopes of Latchkey's own routes, in every profile (C22). */
export const SYSTEM_SCOPES: readonly ScopeDefinition[] = [
  { canonical: 'apikeys:read', description: 'List and view API keys.', system: true },
  { canonical: 'apikeys:write', description: 'Create, change, rotate and revoke API keys.', system: true },
  { canonical: 'scopes:read', description: 'View the scope catalogue and scope sets.', system: true },
  { canonical: 'users:read', description: 'Read user and team information.', system: true },
  { canonical: 'users:write', description: 'Manage users and roles.', system: true },
  { canonical: 'oauth:read', description: 'List and view OAuth applications.', system: true },
  { canonical: 'oauth:write', description: 'Register, change and suspend OAuth applications.', system: true },
  { canonical: 'audit:read', description: 'Read the audit log.', system: true },
  { canonical: 'enforcement:check', description: 'Ask whether a credential may pass.', system: true },
];

export const adminScope = (options: Pick<ScopeDefinition, 'spellings' | 'hidden'> = {}): ScopeDefinition => ({
  canonical: ADMIN_SCOPE,
  description: 'Full administrative access to the workspace, user management and billing included.',
  admin: true,
  ...options,
});

export const perSecond = (limit: number): Window => ({ name: 'second', limit, lengthMs: 1_000 });
export const perMinute = (limit: number): Window => ({ name: 'minute', limit, lengthMs: 60_000 });
export const perDay = (limit: number): Window => ({ name: 'day', limit, lengthMs: 86_400_000 });

/** In every profile; only an owner can grant it (C23). */
export const UNLIMITED_PLAN = 'unlimited';
export const unlimitedPlan: Plan = { name: UNLIMITED_PLAN, description: 'No limit; for administration.', windows: [] };

/** The tiers of S0-18. */
export const perMinutePlans: readonly Plan[] = [
  { name: 'standard', description: 'Default for all keys.', windows: [perMinute(100)] },
  { name: 'premium', description: 'For high-volume integrations.', windows: [perMinute(1_000)] },
  { name: 'enterprise', description: 'Custom enterprise agreements.', windows: [perMinute(10_000)] },
  unlimitedPlan,
];

/** Body and query forms are off unless a profile says otherwise (C4). */
export const HEADER_FORMS: readonly CredentialForm[] = ['bearer', 'x-api-key', 'cookie'];
