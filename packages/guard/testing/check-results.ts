import type { CheckResult, Principal } from '@latchkey/contracts';

export const PRINCIPAL: Principal = {
  kind: 'api_key',
  id: 'k1',
  secret_id: 'k1.1',
  workspace_id: 'w1',
  user_id: 'u1',
  name: 'CI',
  scopes: ['assets:read'],
  assets: 'all',
};

export const allowed: CheckResult = {
  allowed: true,
  reason: null,
  status: 200,
  principal: PRINCIPAL,
  limits: [{ name: 'minute', limit: 100, remaining: 99, reset_at: 1_718_460_120 }],
  headers: { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '99', 'X-RateLimit-Reset': '1718460120' },
  checked_at: '2026-01-01T00:00:00Z',
  via: 'cache',
};
