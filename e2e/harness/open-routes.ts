import { HOT_ROUTES } from '@latchkey/enforcement';
import { LEAK_ROUTES } from '@latchkey/issuance';
import { TOKEN_ROUTES, TOKEN_STATUS_ROUTES } from '@latchkey/oauth';

/** Open to everybody on purpose. Whatever a router has besides is closed. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set([
  'GET /healthz',
  'HEAD /healthz',
  'GET /readyz',
  'HEAD /readyz',
  'POST /api/v1/invitations/accept',
  // Whoever signs in has no credential yet.
  'POST /api/user/auth/login',
  'POST /api/user/auth/mfa/verify',
  'POST /api/v1/sessions',
  'POST /api/v1/sessions/mfa',
  'POST /api/v1/password/reset',
  'POST /api/v1/password/reset/confirm',
  // Each looks itself at who asks, where it matters who does.
  ...[...HOT_ROUTES, ...LEAK_ROUTES, ...TOKEN_ROUTES, ...TOKEN_STATUS_ROUTES].flatMap(({ method, url }) =>
    method === 'GET' ? [`GET ${url}`, `HEAD ${url}`] : [`${method} ${url}`],
  ),
]);
