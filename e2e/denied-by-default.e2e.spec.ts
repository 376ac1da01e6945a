import { signIn } from './harness/accounts';
import { call, callerOf, type Answer } from './harness/http';
import { OPEN_ROUTES } from './harness/open-routes';
import { OWNER, startSystem, WAYS_OF_RUNNING, type Route, type System } from './harness/system';

const START_MS = 180_000;

const concrete = (path: string) => path.replaceAll(/:[A-Za-z]+/g, 'key-00000000');

const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;

/** Other spellings of an address, as proxies and routers have mistaken them for the same. */
const spellings: readonly (readonly [string, (path: string) => string])[] = [
  ['as it is', (path) => path],
  ['with a trailing slash', (path) => `${path}/`],
  ['with a double slash in front', (path) => `/${path}`],
  ['with every slash doubled', (path) => path.replaceAll('/', '//')],
  ['with /./', (path) => path.replace('/', '/./')],
  ['with /%2e/', (path) => path.replace('/', '/%2e/')],
  ['with /x/%2e%2e/', (path) => path.replace('/', '/x/%2e%2e/')],
  ['with /x/../', (path) => path.replace('/', '/x/../')],
  ['with %2f for its last slash', (path) => path.replace(/\/(?=[^/]*$)/, '%2f')],
  ['with its last letter as %XX', (path) => path.replace(/[a-z0-9]$/i, percent)],
  ['in upper case', (path) => path.toUpperCase()],
  ['with its first letter in upper case', (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase())],
  ['with a semicolon', (path) => `${path};x=1`],
  ['with a dot', (path) => `${path}.`],
  ['with .json', (path) => `${path}.json`],
  ['with a null byte', (path) => `${path}%00`],
  ['with a back slash', (path) => `${path}%5c`],
  ['with a query', (path) => `${path}?x=1`],
];

/** Spellings of an address that a router takes for the address itself, when it decodes before it compares. */
const decoded: readonly (readonly [string, (path: string) => string])[] = [
  ['its first letter', (path) => path.replace(/[a-z]/, percent)],
  ['its last letter', (path) => path.replace(/[a-z0-9](?=\/?$)/i, percent)],
  ['a digit or letter of its first segment', (path) => path.replace(/(?<=^\/.)\w/, percent)],
  ['every letter', (path) => path.replaceAll(/[a-z]/g, percent)],
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Open, as whoever calls has no credential yet, and never gone by a cookie; but their answers set one. */
const SIGNING_IN = ['/api/user/auth/login', '/api/user/auth/mfa/verify', '/api/v1/sessions', '/api/v1/sessions/mfa'];

/** Not by cookie at all: its documents put the credential into headers and body. */
const WITHOUT_COOKIE = '/asset/handler/bulk-asset-add';

const JSON_BODY = JSON.stringify({ name: 'of another site', scopes: ['read:assets'] });
const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };

/** What a page can make a browser send without asking first, and what it can when it asks: nobody here says yes, but a browser may have a bug. */
const ATTACKS: readonly (readonly [string, { headers: Record<string, string>; body?: string }])[] = [
  ['a form', { headers: { ...elsewhere, 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=x' }],
  [
    'a form with a file',
    { headers: { ...elsewhere, 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
  ],
  ['JSON as plain text', { headers: { ...elsewhere, 'content-type': 'text/plain' }, body: JSON_BODY }],
  ['JSON', { headers: elsewhere, body: JSON_BODY }],
  ['no body', { headers: elsewhere }],
  ['JSON, in a browser without Sec-Fetch-Site', { headers: { origin: 'https://evil.example' }, body: JSON_BODY }],
  ['no body, from a frame without an origin', { headers: { origin: 'null' } }],
  ['no body, from another host of the same site', { headers: { 'sec-fetch-site': 'same-site' } }],
];

describe.each(WAYS_OF_RUNNING)('every route, on %s', (way) => {
  let system: System;
  /** Those of users, of all processes. */
  let routes: readonly Route[];
  beforeAll(async () => {
    system = await startSystem(way, { profile: 's4e' });
    routes = system.routes.filter(({ router }) => router === 1);
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

  /** Straight to the process that has the route, and through the edge. */
  const doors = ({ url }: Route) => [...new Set([url, system.url])];

  describe('for who brings no credential', () => {
    let guarded: readonly Route[];
    beforeAll(() => {
      guarded = routes.filter(({ method, path }) => !OPEN_ROUTES.has(`${method} ${path}`));
    });

    async function refusals(
      attempts: readonly { url: string; method: string; path: string; credential?: string }[],
    ): Promise<string[]> {
      const passed: string[] = [];
      for (const attempt of attempts) {
        const answer: Answer = await call(attempt.url, attempt);
        if (answer.status < 400 || answer.status >= 500)
          passed.push(`${attempt.method} ${attempt.url}${attempt.path} answered ${answer.status}`);
      }
      return passed;
    }

    it('there are routes to try, of every part', () => {
      const paths = guarded.map(({ path }) => path);
      expect(paths).toEqual(
        expect.arrayContaining([
          '/api/v1/api-keys',
          '/api/keys/:id',
          '/api/v1/audit-events',
          '/api/v1/users/:id',
          '/api/v1/oauth-applications/:id',
          '/api/assets',
          '/asset/handler/bulk-asset-add',
        ]),
      );
    });

    it('gets 401 on every route, straight and through the edge, whatever stands where a credential belongs', async () => {
      const attempts = guarded.flatMap((route) => doors(route).map((url) => ({ ...route, url })));
      for (const credential of [undefined, '', 'x', 's4e_live_a1b2c3d4e5f6g7h8i9j0', 'zpoa_live_' + '0'.repeat(43)]) {
        const answers = [];
        for (const { url, method, path } of attempts) {
          const { status } = await call(url, {
            method,
            path: concrete(path),
            ...(credential !== undefined && { credential }),
          });
          if (status !== 401) answers.push(`${method} ${url}${path} answered ${status} to ${String(credential)}`);
        }
        expect(answers).toEqual([]);
      }
    });

    it.each(spellings)('gets nothing at any address spelled %s, with any method', async (_, spelled) => {
      const attempts = guarded.flatMap((route) =>
        doors(route).flatMap((url) =>
          [...new Set([route.method, 'HEAD'])].map((method) => ({ url, method, path: spelled(concrete(route.path)) })),
        ),
      );
      expect(await refusals(attempts)).toEqual([]);
    });

    it.each(decoded)('finds nothing at any address with %s as %%XX: the check and health too', async (_, spelled) => {
      const found: string[] = [];
      const attempts = routes.flatMap((route) => doors(route).map((url) => ({ ...route, url })));
      for (const { url, method, path } of attempts) {
        const target = spelled(concrete(path));
        const { status } = await call(url, {
          method,
          path: target,
          ...(method === 'POST' && { body: { credential: 'x' } }),
        });
        // 405: a route with a parameter took it, which has another method; the address itself has this one.
        if (status !== 404 && status !== 405) found.push(`${method} ${url}${target} answered ${status}`);
      }
      expect(found).toEqual([]);
    });

    it('gets nothing with a method that the address does not have', async () => {
      const paths = [...new Set(guarded.map(({ url, path }) => `${url} ${concrete(path)}`))];
      const attempts = paths.flatMap((entry) => {
        const [url = '', path = ''] = entry.split(' ');
        return METHODS.map((method) => ({ url, method, path }));
      });
      expect(await refusals(attempts)).toEqual([]);
    });

    it('finds no route of the operators on the port of the users', async () => {
      for (const path of ['/metrics', '/admin', '/debug', '/']) {
        const { status } = await call(system.url, { path });
        expect([401, 404]).toContain(status);
      }
    });
  });

  describe('for a page of another site, whose visitor is signed in', () => {
    let token: string;
    let changing: readonly Route[];
    beforeAll(async () => {
      token = await signIn(system, OWNER);
      changing = routes.filter(
        ({ method, path }) =>
          UNSAFE.has(method) && (!OPEN_ROUTES.has(`${method} ${path}`) || SIGNING_IN.includes(path)),
      );
    });

    const attacked = () => changing.flatMap((route) => doors(route).map((url) => ({ ...route, url })));
    const send = ({ url, method, path }: Route, headers: Record<string, string>, body?: string): Promise<Answer> =>
      call(url, {
        method,
        path: path.replaceAll(/:[A-Za-z]+/g, 'key-00000000'),
        headers: { cookie: `token=${token}`, ...headers },
        ...(body !== undefined && { body }),
      });
    const isRefusedAsForeign = ({ status, text }: Answer) => status === 403 && text.includes('another site');

    it('there are routes to attack, of every service', () => {
      const paths = changing.map(({ path }) => path);
      expect(paths).toEqual(
        expect.arrayContaining([
          '/api/keys',
          '/api/v1/api-keys/:id/rotate',
          '/api/v1/users/:id/suspend',
          '/api/v1/invitations',
          '/api/v1/password',
          '/api/user/auth/logout',
          '/api/user/auth/login',
          '/api/v1/sessions/mfa',
        ]),
      );
    });

    it.each(ATTACKS)('changes nothing anywhere by the cookie, with %s', async (_, { headers, body }) => {
      const passed: string[] = [];
      for (const door of attacked()) {
        const answer = await send(door, headers, body);
        const refusals = door.path === WITHOUT_COOKIE ? [401, 415] : [415];
        if (!isRefusedAsForeign(answer) && !refusals.includes(answer.status)) {
          passed.push(`${door.method} ${door.url}${door.path} answered ${answer.status}: ${answer.text}`);
        }
      }
      expect(passed).toEqual([]);
      expect((await callerOf(system.url, token)('GET', '/api/v1/sessions/current')).status).toBe(200);
    });

    it('would change something, were the page one of ours', async () => {
      const lasting = attacked().filter(
        ({ path }) => !/sessions|auth|password|mfa/.test(path) && path !== WITHOUT_COOKIE,
      );
      for (const door of lasting) {
        const answer = await send(door, { 'sec-fetch-site': 'same-origin', origin: door.url });
        expect([door.path, answer.status === 401 || isRefusedAsForeign(answer)]).toEqual([door.path, false]);
      }
      const created = await call(system.url, {
        method: 'POST',
        path: '/api/keys',
        headers: { cookie: `token=${token}`, 'sec-fetch-site': 'same-origin', origin: system.url },
        body: JSON_BODY,
      });
      expect(created.status).toBe(201);
    });
  });
});
