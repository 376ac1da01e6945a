import {
  adminScope,
  HEADER_FORMS,
  mixedCaseKey,
  perDay,
  perMinute,
  perSecond,
  SYSTEM_SCOPES,
  unlimitedPlan,
} from './common';
import type { Plan, Profile, ScopeDefinition } from './profile';

/** The catalogue of S3-04. `users:read` and `users:write` belong to it too; they come with the system's scopes. */
export const shieldScopes: readonly ScopeDefinition[] = [
  { canonical: 'alerts:read', description: 'Read alerts and alert details.' },
  { canonical: 'alerts:write', description: 'Update alert status, add notes.' },
  { canonical: 'assets:read', description: 'Read asset inventory.' },
  { canonical: 'assets:write', description: 'Create, update, delete assets.' },
  { canonical: 'connectors:read', description: 'View connector status and config.' },
  { canonical: 'connectors:write', description: 'Create, update, activate connectors.' },
  { canonical: 'rules:read', description: 'Read detection rules.' },
  { canonical: 'rules:write', description: 'Create, update, enable/disable rules.' },
  { canonical: 'compliance:read', description: 'Read compliance reports and posture.' },
  { canonical: 'search:read', description: 'Execute log searches.' },
];

/** Burst has no unit in S3-07: calls in any one second (C14). */
const plan = (name: string, minute: number, day: number, burst: number): Plan => ({
  name,
  description: `${minute} requests per minute, ${day} per day, bursts of ${burst}.`,
  windows: [perSecond(burst), perMinute(minute), perDay(day)],
});

/** Z Shield: source S3. */
export const zshield: Profile = {
  name: 'zshield',
  key: mixedCaseKey('zpoa'),
  scopes: [...shieldScopes, adminScope({ hidden: true }), ...SYSTEM_SCOPES],
  plans: [
    plan('starter', 60, 10_000, 20),
    plan('professional', 300, 100_000, 50),
    plan('enterprise', 1_000, 1_000_000, 200),
    unlimitedPlan,
  ],
  defaultPlan: 'starter',
  envelope: 'problem',
  credentialForms: HEADER_FORMS,
  accessTokenType: 'at+jwt',
};
