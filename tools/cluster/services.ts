/** One service of the cluster. */
export interface ServiceSpec {
  readonly name: string;
  /** Its program in the built tree. */
  readonly entry: string;
  readonly instances: number;
  /**
   * What the edge sends to it: leading segments of a path, `*` for any one segment. The longest route that fits wins.
   */
  readonly routes: readonly string[];
  /** Whether the edge also sends it what fits no route, so that somebody answers 404 in the usual form. */
  readonly fallback?: true;
}

export const services: readonly ServiceSpec[] = [
  {
    name: 'identity',
    entry: 'apps/identity/main.js',
    instances: 1,
    routes: ['/api/v1/me', '/api/v1/users', '/api/v1/workspaces', '/api/user'],
  },
  {
    name: 'issuance',
    entry: 'apps/issuance/main.js',
    instances: 1,
    routes: [
      '/api/v1/api-keys',
      '/api/v1/scopes',
      '/api/v1/scope-sets',
      '/api/v1/plans',
      '/api/keys',
      '/api/admin/api-keys',
    ],
    fallback: true,
  },
  { name: 'enforcement', entry: 'apps/enforcement/main.js', instances: 2, routes: ['/v1'] },
  {
    name: 'audit',
    entry: 'apps/audit/main.js',
    instances: 1,
    routes: ['/api/v1/audit-events', '/api/v1/api-keys/*/activity', '/log'],
  },
  {
    name: 'assets-api',
    entry: 'examples/assets-api/main.js',
    instances: 1,
    routes: ['/api/assets', '/asset', '/api/store'],
  },
];
