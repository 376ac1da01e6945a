import type { CheckClient } from '@latchkey/guard';

/** Lets anybody read the audit: the credential is the name of the workspace. */
export const workspaceCheck: CheckClient = {
  check: async ({ credential, scopes }) => ({
    allowed: scopes?.join() === 'audit:read',
    reason: null,
    status: 200,
    principal: {
      kind: 'api_key',
      id: 'k',
      secret_id: 'k.1',
      workspace_id: credential,
      user_id: 'u',
      name: 'n',
      scopes: ['audit:read'],
      assets: 'all',
    },
    limits: [],
    headers: {},
    checked_at: new Date().toISOString(),
    via: 'cache',
  }),
};
