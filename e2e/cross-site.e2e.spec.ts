import { call, callerOf, type Answer } from './harness/http';
import { OPEN_ROUTES } from './harness/open-routes';
import { signIn } from './harness/accounts';
import { OWNER, startSystem, WAYS_OF_RUNNING, type Route, type System } from './harness/system';

const START_MS = 180_000;
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

describe.each(WAYS_OF_RUNNING)('a page of another site, whose visitor is signed in, on %s', (way) => {
  let system: System;
  let token: string;
  let routes: Route[];
  beforeAll(async () => {
    system = await startSystem(way, { profile: 's4e' });
    token = await signIn(system, OWNER);
    routes = system.routes.filter(
      ({ router, method, path }) =>
        router === 1 && UNSAFE.has(method) && (!OPEN_ROUTES.has(`${method} ${path}`) || SIGNING_IN.includes(path)),
    );
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

  /** Straight to the process that has the route, and through the edge. */
  const doors = () =>
    routes.flatMap((route) => [...new Set([route.url, system.url])].map((url) => ({ ...route, url })));
  const send = ({ url, method, path }: Route, headers: Record<string, string>, body?: string): Promise<Answer> =>
    call(url, {
      method,
      path: path.replaceAll(/:[A-Za-z]+/g, 'key-00000000'),
      headers: { cookie: `token=${token}`, ...headers },
      ...(body !== undefined && { body }),
    });
  const isRefusedAsForeign = ({ status, text }: Answer) => status === 403 && text.includes('another site');

  it('there are routes to attack, of every service', () => {
    const paths = routes.map(({ path }) => path);
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
    for (const door of doors()) {
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
    const lasting = doors().filter(({ path }) => !/sessions|auth|password|mfa/.test(path) && path !== WITHOUT_COOKIE);
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
