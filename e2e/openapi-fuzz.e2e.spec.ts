import fc from 'fast-check';
import { call, type Call } from './harness/http';
import { faultOf, operations, requestsTo, type Operation } from './harness/openapi';
import { OWNER, startSystem } from './harness/system';
import { Tester } from './harness/tester';

const SEED = 20_261_121;
const RUNS = 15;
/** Where passwords are looked at, which takes its time. */
const SLOW_RUNS = 5;
const isSlow = ({ path }: Operation) => /\/(login|password|mfa)\b|^\/api\/v1\/sessions$/.test(path);

/** Routes beside the public API: those of operators, and of the sample API that the standalone carries. */
const OTHER_ROUTES = /^\/(healthz|readyz|outbox|api\/assets|asset\/|api\/store\/)/;

/** They may end the session that they are called with. */
const ENDS_SESSION = /^(Sessions\.(end|endAll|refresh|switchWorkspace)|S4eSession\.)/;

/** What is deleted can be asked for no more. */
const deletes = ({ method, operationId }: Operation) => method === 'DELETE' || operationId === 'KeyLife.revoke';
/** It may demand of every session and key from then on what those of this test have not. */
const demands = ({ operationId }: Operation) => operationId === 'Workspaces.change';
const turnOf = (operation: Operation) => (demands(operation) ? 2 : Number(deletes(operation)));
const inOrder = [...operations].sort((a, b) => turnOf(a) - turnOf(b));

const isForSessions = ({ 'x-credentials': kinds }: Operation) =>
  kinds?.includes('api_key') === false && kinds.includes('session');
const isForClients = ({ security }: Operation) => security.some((way) => 'client_basic' in way);

describe('the OpenAPI document and the running system', () => {
  let tester: Tester;
  let ids: Readonly<Record<string, string>>;
  let clientBasic: string;
  let session: string;

  beforeAll(async () => {
    tester = new Tester(await startSystem('standalone', { profile: 's4e' }));
    const made = async (path: string, body: object) =>
      (await tester.asAdmin('POST', path, body)).json<{ id: string; client_secret?: string }>();
    const key = await made('/api/v1/api-keys', { name: 'fuzzed', scopes: ['read:assets'] });
    const set = await made('/api/v1/scope-sets', { name: 'fuzzed', scopes: ['read:assets'] });
    const client = await made('/api/v1/oauth-applications', { name: 'fuzzed', scopes: ['assets:read'] });
    const [user] = (await tester.asAdmin('GET', '/api/v1/users')).json<{ items: { id: string }[] }>().items;
    clientBasic = Buffer.from(`${client.id}:${client.client_secret ?? ''}`).toString('base64');
    const [listed] = (await tester.asAdmin('GET', '/api/keys')).json<{ data: { id: string }[] }>().data;
    ids = {
      'api-keys': key.id,
      keys: listed?.id ?? '',
      'scope-sets': set.id,
      'oauth-applications': client.id,
      users: user?.id ?? '',
      sessions: 'current',
      mfa: 'totp',
    };
    session = await signedIn();
  }, 180_000);
  afterAll(() => tester?.system.stop(), 60_000);

  async function signedIn(): Promise<string> {
    const answer = await call(tester.system.url, { method: 'POST', path: '/api/v1/sessions', body: OWNER });
    return answer.json<{ token: string }>().token;
  }

  /** What lets a call reach its handler, where anything does. */
  async function credentialFor(operation: Operation): Promise<Pick<Call, 'credential' | 'headers'>> {
    if (isForClients(operation)) return { headers: { authorization: `Basic ${clientBasic}` } };
    if (operation.security.length === 0 || !('bearer' in (operation.security[0] ?? {}))) return {};
    if (isForSessions(operation)) {
      return { credential: ENDS_SESSION.test(operation.operationId) ? await signedIn() : session };
    }
    // It ends the key that it is called with.
    if (operation.operationId === 'Me.revoke')
      return { credential: (await tester.createS4eKey({ scopes: ['read:assets'] })).key };
    return { credential: tester.system.adminKey };
  }

  it('have the same routes', () => {
    const router = tester.system.routes
      .filter(({ router, method, path }) => router === 1 && method !== 'HEAD' && !OTHER_ROUTES.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    const documented = operations
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(documented)].sort()).toEqual([...new Set(router)].sort());
  });

  it.each(inOrder.map((operation) => [operation.operationId, operation] as const))(
    '%s answers as documented, whatever it is sent',
    async (_, operation) => {
      const shown = await credentialFor(operation);
      await fc.assert(
        fc.asyncProperty(requestsTo(operation, ids), async ({ path, headers, body }) => {
          const answer = await call(tester.system.url, {
            method: operation.method,
            path,
            ...(shown.credential !== undefined && { credential: shown.credential }),
            headers: { ...headers, ...shown.headers },
            body,
          });
          expect(faultOf(operation, answer)).toBeNull();
        }),
        { seed: SEED, numRuns: isSlow(operation) ? SLOW_RUNS : RUNS },
      );
    },
    60_000,
  );
});
