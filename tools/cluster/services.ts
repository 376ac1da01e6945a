/** One service of the cluster. */
export interface ServiceSpec {
  readonly name: string;
  /** Its program in the built tree. */
  readonly entry: string;
  readonly instances: number;
  /** Addresses and secrets that it gets, and no others: who takes over one service shall not have what another one keeps. */
  readonly variables: readonly string[];
  /**
   * What the edge sends to it: leading segments of a path, `*` for any one segment. The longest route that fits wins.
   */
  readonly routes: readonly string[];
  /** Whether the edge also sends it what fits no route, so that somebody answers 404 in the usual form. */
  readonly fallback?: true;
  /** Whether what is in its data directory must outlive it. */
  readonly keeps?: true;
  /** Whether it calls servers elsewhere: those for mail, say. */
  readonly goesOut?: true;
  /** A sample of what stands behind Latchkey and no part of it: it has no port for operators. */
  readonly example?: true;
}

/** What a service needs that publishes or reads events, and one that keeps a schema of its own as well. */
const events = ['KAFKA_BROKERS', 'KAFKA_LOGIN', 'LATCHKEY_TOPIC_PREFIX'];
const store = ['DATABASE_URL', ...events];
/** And one whose routes are guarded. */
const guarded = ['LATCHKEY_ENFORCEMENT_GRPC', 'TRUSTED_ORIGINS', 'TENANT_DOMAIN'];
/** What who issues access tokens and who takes them must agree on. */
const tokenTerms = ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'PUBLIC_URL'];

export const services: readonly ServiceSpec[] = [
  {
    name: 'identity',
    entry: 'apps/identity/main.js',
    instances: 1,
    variables: [
      ...store,
      'REDIS_URL',
      'LATCHKEY_ISSUANCE_GRPC',
      ...guarded,
      'LATCHKEY_MASTER_KEY',
      'LATCHKEY_SESSION_IDLE_MINUTES',
      'LATCHKEY_SESSION_LIFE_HOURS',
      'LATCHKEY_SESSION_REFRESH_SECONDS',
      'LATCHKEY_PROFILE',
      'LATCHKEY_TENANT',
      'LATCHKEY_ADMIN_EMAIL',
      'LATCHKEY_ADMIN_PASSWORD',
      'LATCHKEY_SIGN_INS_SPOOL_MB',
      'SMTP_URL',
      'SMTP_CA',
      'MAIL_FROM',
      'PUBLIC_URL',
      'CAPTCHA_VENDOR',
      'CAPTCHA_SECRET',
      'CAPTCHA_VERIFY_URL',
      'CAPTCHA_SCORE_MIN',
      'CAPTCHA_BYPASS_FROM',
    ],
    routes: [
      '/api/v1/users',
      '/api/v1/invitations',
      '/api/v1/workspaces',
      '/api/v1/sessions',
      '/api/v1/mfa',
      '/api/v1/password',
      '/api/user',
    ],
    goesOut: true,
    keeps: true,
  },
  {
    name: 'issuance',
    entry: 'apps/issuance/main.js',
    instances: 1,
    variables: [
      ...store,
      'REDIS_URL',
      'LATCHKEY_IDENTITY_GRPC',
      'LATCHKEY_OAUTH_GRPC',
      ...guarded,
      'LATCHKEY_PEPPER',
      'LATCHKEY_MASTER_KEY',
      'LATCHKEY_ADMIN_KEY',
      'LATCHKEY_LEAK_KEYS_URL',
      'LATCHKEY_ASSET_SOURCES',
    ],
    routes: [
      '/api/v1/api-keys',
      '/api/v1/assets',
      '/api/v1/asset-source',
      '/api/v1/scopes',
      '/api/v1/scope-sets',
      '/api/v1/leaks',
      '/api/v1/plans',
      '/api/v1/me',
      '/api/keys',
      '/api/admin/api-keys',
    ],
    fallback: true,
    goesOut: true,
    keeps: true,
  },
  {
    name: 'oauth',
    entry: 'apps/oauth/main.js',
    instances: 1,
    variables: [
      ...store,
      'REDIS_URL',
      'LATCHKEY_IDENTITY_GRPC',
      'LATCHKEY_ISSUANCE_GRPC',
      ...guarded,
      'LATCHKEY_NODES_MAX',
      'LATCHKEY_PEPPER',
      'LATCHKEY_MASTER_KEY',
      ...tokenTerms,
      'OAUTH_SIGNING_ALG',
      'OAUTH_TOKENS_PER_MINUTE',
      'OAUTH_REQUESTS_PER_MINUTE',
      'LATCHKEY_ACCESS_TOKENS_SPOOL_MB',
    ],
    routes: [
      '/oauth',
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/api/v1/oauth-applications',
    ],
    keeps: true,
  },
  {
    name: 'enforcement',
    entry: 'apps/enforcement/main.js',
    instances: 2,
    variables: [
      'REDIS_URL',
      ...events,
      'LATCHKEY_IDENTITY_GRPC',
      'LATCHKEY_ISSUANCE_GRPC',
      'LATCHKEY_OAUTH_GRPC',
      ...tokenTerms,
      'LATCHKEY_NODES_MAX',
      'LATCHKEY_DECISIONS_SPOOL_MB',
      'LATCHKEY_DECISIONS_HEARTBEAT_MS',
    ],
    routes: ['/v1'],
    keeps: true,
  },
  {
    name: 'audit',
    entry: 'apps/audit/main.js',
    instances: 1,
    variables: [
      ...store,
      ...guarded,
      'LATCHKEY_MASTER_KEY',
      'LATCHKEY_DECISIONS_KEPT_DAYS',
      'LATCHKEY_PARKED_KEPT_DAYS',
    ],
    routes: ['/api/v1/audit-events', '/api/v1/access-decisions', '/api/v1/sign-ins', '/api/v1/token-requests'],
  },
  {
    name: 'assets-api',
    entry: 'examples/assets-api/main.js',
    instances: 1,
    variables: guarded,
    routes: ['/api/assets', '/asset', '/api/store'],
    example: true,
  },
];

/** Variables for every service. */
export const common = [
  'LATCHKEY_LOG_LEVEL',
  'LATCHKEY_DRAIN_TIMEOUT_MS',
  'LATCHKEY_PROFILES_DIR',
  'LATCHKEY_FOREIGN_PREFIXES',
];

/** Whether a variable is one of ours: what anything else is called is no business of ours. */
export const isOwn = (name: string): boolean =>
  name.startsWith('LATCHKEY_') || services.some(({ variables }) => variables.includes(name));

/** Of `env`, what the service gets. Names that are not ours (`NODE_OPTIONS`) are for all. */
export function variablesOf(service: ServiceSpec, env: Readonly<Record<string, string>>): Record<string, string> {
  const given = new Set([...common, ...service.variables]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => given.has(name) || !isOwn(name)));
}

/** @throws Error that names a variable which no service takes: its writer would wait for an effect in vain */
export function refuseUnknownVariables(env: Readonly<Record<string, string>>): void {
  const known = new Set([...common, ...services.flatMap(({ variables }) => variables)]);
  const unknown = Object.keys(env).filter((name) => isOwn(name) && !known.has(name));
  if (unknown.length > 0) throw new Error(`no service takes ${unknown.join(', ')}`);
}
