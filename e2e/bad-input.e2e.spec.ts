import { callerOf, call, sendBytes, type Answer } from './harness/http';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { bearer, Tester, type S4eKey } from './harness/tester';

const MIB = 1_048_576;
const DEEP = 5_000;

/** JSON of exactly so many bytes. */
const jsonOf = (bytes: number) => `{"name":"${'x'.repeat(bytes - '{"name":""}'.length)}"}`;

/** Bodies that no route can take. */
const BROKEN: Readonly<Record<string, string>> = {
  'half a document': '{"name":',
  'no JSON': 'name=x',
  'a list': '[]',
  null: 'null',
  'a text': '"x"',
  'a number': '7',
  'an unknown field': '{"no_such_field":1}',
  __proto__: '{"__proto__":{"admin":true}}',
  'an escaped __proto__': '{"\\u005f_proto__":{"admin":true}}',
  'constructor.prototype': '{"constructor":{"prototype":{"admin":true}}}',
  '5,000 lists deep': '['.repeat(DEEP) + ']'.repeat(DEEP),
  '5,000 objects deep': '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP),
  'an unknown field 5,000 deep': `{"name":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  '5,000 brackets that never close': '['.repeat(DEEP),
  '1 MiB and one byte': jsonOf(MIB + 1),
  // More than sockets hold: the reply must not be lost under what is still being sent.
  '8 MiB': jsonOf(8 * MIB),
  'a name of 1 MiB': jsonOf(MIB),
};

/** Values for a field that wants another. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  'x\r\nSet-Cookie: a=b',
  "'; DROP TABLE events; --",
  'x'.repeat(100_000),
  [],
  [null],
  [[]],
  ['\u0000'],
  Array.from({ length: 10_000 }, () => 'read:assets'),
  {},
  { toString: 'x' },
  '9999999999999-01-01T00:00:00Z',
  '2027-02-30T00:00:00Z',
  ['0177.0.0.1'],
  ['10.0.0.0/33'],
];

const BAD_IDS = [
  'x',
  '%00',
  '%ff',
  '%0d%0aSet-Cookie:a=b',
  '..%2f..',
  "'",
  '%22',
  '0',
  '-1',
  'key-',
  'key-zzzzzzzz',
  'x'.repeat(5_000),
  '%F0%9F%92%A9',
  '{}',
  'null',
];

interface BodyRoute {
  readonly method: string;
  readonly path: (id: string) => string;
  readonly good: Readonly<Record<string, unknown>>;
  readonly at: 'system' | 'assets' | 'enforcement';
}

const routes: readonly BodyRoute[] = [
  {
    method: 'POST',
    path: () => '/api/keys',
    good: { name: 'x', scopes: ['read:assets'], assets: ['x'], expires_at: null, allowed_ips: [], plan: 'standard' },
    at: 'system',
  },
  {
    method: 'PUT',
    path: (id) => `/api/keys/${id}`,
    good: { name: 'x', scopes: ['read:assets'], assets: ['x'], allowed_ips: [], plan: 'standard' },
    at: 'system',
  },
  {
    method: 'POST',
    path: () => '/api/v1/api-keys',
    good: { name: 'x', scopes: ['read:assets'], assets: ['x'], expires_at: null, allowed_ips: [], plan: 'standard' },
    at: 'system',
  },
  {
    method: 'PATCH',
    path: (id) => `/api/v1/api-keys/${id}`,
    good: { name: 'x', scopes: ['read:assets'], assets: ['x'], allowed_ips: [], plan: 'standard' },
    at: 'system',
  },
  { method: 'POST', path: (id) => `/api/v1/api-keys/${id}/rotate`, good: { grace_period_hours: 48 }, at: 'system' },
  { method: 'PUT', path: () => '/api/v1/asset-source', good: { assets: ['example.com'] }, at: 'system' },
  {
    method: 'POST',
    path: () => '/api/v1/scope-sets',
    good: { name: 'x', description: 'x', scopes: ['read:assets'] },
    at: 'system',
  },
  { method: 'POST', path: () => '/api/user/auth/login', good: OWNER, at: 'system' },
  { method: 'POST', path: () => '/asset/handler/bulk-asset-add', good: { assets: ['example.com'] }, at: 'assets' },
  {
    method: 'POST',
    path: () => '/v1/check',
    good: { credential: 'x', scopes: [], ip: '192.0.2.1', asset: 'x', action: 'x', cost: 1, method: 'GET', path: '/' },
    at: 'enforcement',
  },
  { method: 'POST', path: () => '/v1/check/batch', good: { checks: [{ credential: 'x' }] }, at: 'enforcement' },
];

const LISTS = [
  '/api/v1/api-keys',
  '/api/keys',
  '/api/admin/api-keys/',
  '/api/v1/assets',
  '/api/v1/scope-sets',
  '/api/v1/audit-events',
  '/api/v1/access-decisions',
  '/api/v1/sign-ins',
];
const BAD_QUERIES = [
  'limit=0',
  'limit=-1',
  'limit=x',
  'limit=201',
  'limit=1&limit=2',
  'cursor=x',
  'cursor=%00',
  'cursor=e30.AAAA',
  'page=0',
  'page=-1',
  'page=1e9',
  'per_page=0',
  'per_page=100000',
  'no_such=1',
  'limit[]=1',
  '__proto__=1',
];

/** What is wrong with a refusal: it is a 4xx in the envelope of its surface, and shows nothing of the inside. */
function faultOf({ status, headers, text }: Answer, path: string): string | null {
  if (status < 400 || status >= 500) return `answered ${status}`;
  if (/hunter|stack|at .*\.js|SELECT|INSERT|postgres/i.test(text)) return `shows ${text}`;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(String(headers['x-request-id']))) return 'has no request id';
  const body = JSON.parse(text) as { status?: unknown; code?: unknown; error?: { code?: unknown; message?: unknown } };
  const s4e = /^\/(api\/(keys|assets|user)|asset)\b/.test(path);
  const rightEnvelope = s4e
    ? body.status === 'error' && typeof body.error?.code === 'string' && typeof body.error.message === 'string'
    : String(headers['content-type']).startsWith('application/problem+json') && body.status === status;
  return rightEnvelope ? null : `has the envelope ${text}`;
}

describe.each(WAYS_OF_RUNNING)('bad input on %s', (way) => {
  let tester: Tester;
  let key: S4eKey;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e', neighbour: 's4e' }));
    key = await tester.createS4eKey({ scopes: ['admin'], plan: 'unlimited' });
  }, 180_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const urlOf = ({ at }: BodyRoute) => {
    const { url, assetsUrl, enforcementUrls } = tester.system;
    return at === 'system' ? url : at === 'assets' ? assetsUrl : (enforcementUrls[0] ?? '');
  };
  const send = (route: BodyRoute, body: unknown, headers: Record<string, string> = {}) =>
    call(urlOf(route), {
      method: route.method,
      path: route.path(key.id),
      credential: tester.system.adminKey,
      body,
      headers,
    });

  describe.each(routes.map((route) => [`${route.method} ${route.path(':id')}`, route] as const))('%s', (_, route) => {
    const path = route.path(':id');

    it('takes a good body', async () => {
      expect([200, 201]).toContain((await send(route, route.good)).status);
    });

    it('refuses what is no such body at all', async () => {
      const faults: Record<string, string> = {};
      for (const [what, body] of Object.entries(BROKEN)) {
        const fault = faultOf(await send(route, body), path);
        if (fault) faults[what] = fault;
      }
      expect(faults).toEqual({});
    });

    it('refuses another type than JSON', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/xml',
        'multipart/form-data; boundary=x',
        'application/json+x',
      ]) {
        expect((await send(route, JSON.stringify(route.good), { 'content-type': type })).status).toBe(415);
      }
    });

    it('takes or refuses a strange value in any field, and never fails on it', async () => {
      const faults: string[] = [];
      for (const field of Object.keys(route.good)) {
        for (const value of STRANGE) {
          const answer = await send(route, { ...route.good, [field]: value });
          const fault = answer.status < 300 ? null : faultOf(answer, path);
          if (fault) faults.push(`${field} = ${JSON.stringify(value).slice(0, 60)} ${fault}`);
        }
      }
      expect(faults).toEqual([]);
    });
  });

  it('refuses an id that cannot be one as it refuses one that does not exist', async () => {
    const faults: string[] = [];
    for (const id of BAD_IDS) {
      for (const [method, path, body] of [
        ['GET', `/api/keys/${id}`],
        ['PUT', `/api/keys/${id}`, { name: 'x' }],
        ['DELETE', `/api/keys/${id}`],
        ['GET', `/api/v1/api-keys/${id}`],
        ['PATCH', `/api/v1/api-keys/${id}`, { name: 'x' }],
        ['POST', `/api/v1/api-keys/${id}/rotate`, {}],
        ['DELETE', `/api/v1/api-keys/${id}`],
      ] as const) {
        const answer = await tester.asAdmin(method, path, body);
        const fault = answer.status === 404 ? faultOf(answer, path) : `answered ${answer.status}`;
        if (fault) faults.push(`${method} ${path.slice(0, 80)} ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('refuses bad queries of lists', async () => {
    const faults: string[] = [];
    for (const path of LISTS) {
      for (const query of BAD_QUERIES) {
        const fault = faultOf(await tester.asAdmin('GET', `${path}?${query}`), path);
        if (fault) faults.push(`${path}?${query} ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('refuses a credential with a wrong checksum on every surface', async () => {
    const wrong = key.key.slice(0, -1) + (key.key.endsWith('0') ? '1' : '0');
    for (const path of ['/api/keys', '/api/v1/api-keys', '/api/admin/api-keys/', '/api/v1/audit-events']) {
      const answer = await callerOf(tester.system.url, wrong)('GET', path);
      expect([answer.status, faultOf(answer, path)]).toEqual([401, null]);
    }
    expect((await tester.getAssets(bearer(wrong))).status).toBe(401);
    expect(await tester.checks(wrong)).toEqual(tester.everywhere('401 unknown'));
  });

  it('refuses two different credentials on every surface, in two headers or in one header twice', async () => {
    for (const path of ['/api/keys', '/api/v1/api-keys', '/api/admin/api-keys/', '/api/v1/audit-events']) {
      const answer = await call(tester.system.url, {
        path,
        headers: { ...bearer(tester.system.adminKey), 'x-api-key': key.key },
      });
      expect([path, answer.status, faultOf(answer, path)]).toEqual([path, 400, null]);
      for (const header of ['Authorization: Bearer ', 'X-API-Key: ']) {
        const reply = await sendBytes(
          tester.system.url,
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}${tester.system.adminKey}\r\n${header}${key.key}\r\n\r\n`,
        );
        expect(reply).toMatch(/^HTTP\/1\.1 40[01] /);
      }
    }
  });

  it.each(['abc%0d%0aSet-Cookie: x=1', 'a b', 'x'.repeat(65), '<script>', 'a,b', '${jndi:ldap://x}'])(
    'replaces the X-Request-ID %j',
    async (sent) => {
      for (const path of ['/api/keys', '/api/v1/api-keys', '/nowhere']) {
        const { headers } = await call(tester.system.url, { path, headers: { 'x-request-id': sent } });
        expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(headers['x-request-id']).not.toBe(sent);
        expect(headers['set-cookie']).toBeUndefined();
      }
    },
  );

  it.each(['\r', '\n', '\0', '\u007f', '\u00ff'])(
    'a header with the byte %j in it puts nothing into a reply',
    async (byte) => {
      const reply = await sendBytes(
        tester.system.url,
        `GET /api/keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: a${byte}Set-Cookie: x=1\r\n\r\n`,
      );
      expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(reply).not.toMatch(/set-cookie/i);
    },
  );

  it('answers about a key of another workspace exactly as about one that does not exist', async () => {
    const { url, neighbourKey } = tester.system;
    const asNeighbour = callerOf(url, neighbourKey ?? '');
    const made = await asNeighbour('POST', '/api/v1/api-keys', { name: 'theirs', scopes: ['read:assets'] });
    const theirs = made.json<{ id: string; key: string }>();
    const short =
      (await asNeighbour('GET', '/api/keys')).json<{ data: S4eKey[] }>().data.find(({ name }) => name === 'theirs')
        ?.id ?? '';
    const nobodys = {
      [theirs.id]: '01900000-0000-7000-8000-000000000000',
      [`${theirs.id}.1`]: '01900000-0000-7000-8000-000000000000.1',
      [short]: 'key-00000000',
    };
    const about = async (id: string) => {
      const answers = [
        await tester.asAdmin('GET', `/api/v1/api-keys/${id}`),
        await tester.asAdmin('PATCH', `/api/v1/api-keys/${id}`, { name: 'mine' }),
        await tester.asAdmin('POST', `/api/v1/api-keys/${id}/rotate`, {}),
        await tester.asAdmin('DELETE', `/api/v1/api-keys/${id}`),
        await tester.asAdmin('GET', `/api/admin/api-keys/${id}`),
        await tester.asAdmin('GET', `/api/keys/${id}`),
        await tester.asAdmin('PUT', `/api/keys/${id}`, { name: 'mine' }),
        await tester.asAdmin('DELETE', `/api/keys/${id}`),
      ];
      return answers.map(({ status, text, headers }) => ({
        status,
        text: text.replace(String(headers['x-request-id']), 'id').replaceAll(id, 'id'),
        headers: Object.keys(headers).sort(),
      }));
    };
    for (const [foreign, unknown] of Object.entries(nobodys)) {
      const answers = await about(foreign);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
      expect(answers).toEqual(await about(unknown));
    }
    expect((await asNeighbour('GET', `/api/v1/api-keys/${theirs.id}`)).json()).toMatchObject({
      name: 'theirs',
      status: 'active',
    });
    expect(await tester.checks(theirs.key)).toEqual(tester.everywhere('200'));
    expect((await tester.asAdmin('GET', '/api/v1/api-keys?limit=200')).text).not.toContain(theirs.id);
  });
});
