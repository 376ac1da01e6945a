import { adminScope, BASE36, HEADER_FORMS, perMinutePlans, SYSTEM_SCOPES } from './common';
import type { Profile, ScopeDefinition } from './profile';

/** A scope that the product's documents spell both ways round: `read:assets` (S0-08) and `assets:read` (S1-14). */
const scope = (resource: string, action: 'read' | 'write', description: string): ScopeDefinition => ({
  canonical: `${resource}:${action}`,
  description,
  spellings: [`${action}:${resource}`, `${resource}:${action}`],
});

/** S4E: sources S0, S1 and S2. The catalogue is the union of the two that the documents print (C2, C24). */
export const s4e: Profile = {
  name: 's4e',
  // 25 random characters hold 129 bits; 7 are the fewest that hold a CRC-32. Together the 32 that are documented (S0-06).
  key: { prefix: 's4e', alphabet: BASE36, randomLength: 25, checksumLength: 7 },
  scopes: [
    scope('assets', 'read', 'List and view assets.'),
    scope('assets', 'write', 'Create, update, and delete assets.'),
    scope('scans', 'read', 'List and view scan details and results.'),
    scope('scans', 'write', 'Create, cancel, and configure scans.'),
    scope('findings', 'read', 'List and view findings.'),
    scope('findings', 'write', 'Update finding status, severity, notes and annotations.'),
    scope('actions', 'read', 'List and view action definitions.'),
    scope('actions', 'write', 'Create and trigger actions.'),
    scope('playbooks', 'read', 'List and view playbooks.'),
    scope('playbooks', 'write', 'Create and run playbooks.'),
    scope('webhooks', 'read', 'List webhook configurations.'),
    scope('webhooks', 'write', 'Create and manage webhooks.'),
    { canonical: 'reports:read', description: 'Generate and download reports.' },
    {
      canonical: 'actions:execute',
      description: 'Trigger custom actions and playbooks.',
      equals: ['actions:write', 'playbooks:write'],
    },
    {
      canonical: 'webhooks:manage',
      description: 'Create, update, and delete webhook subscriptions.',
      equals: ['webhooks:read', 'webhooks:write'],
    },
    adminScope({ spellings: ['admin', 'admin:full'] }),
    ...SYSTEM_SCOPES,
  ],
  plans: perMinutePlans,
  defaultPlan: 'standard',
  envelope: 's4e',
  credentialForms: [...HEADER_FORMS, 'body', 'query'],
  // As S1-09 shows it.
  accessTokenType: 'JWT',
};
