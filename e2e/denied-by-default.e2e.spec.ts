import { call, type Answer } from './harness/http';
import { OPEN_ROUTES } from './harness/open-routes';
import { startSystem, WAYS_OF_RUNNING, type Route, type System } from './harness/system';

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

describe.each(WAYS_OF_RUNNING)('who brings no credential, on %s', (way) => {
  let system: System;
  let guarded: Route[];
  beforeAll(async () => {
    system = await startSystem(way, { profile: 's4e' });
    guarded = system.routes.filter(({ router, method, path }) => router === 1 && !OPEN_ROUTES.has(`${method} ${path}`));
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  /** Straight to the process that has the route, and through the edge. */
  const doors = ({ url }: Route) => [...new Set([url, system.url])];

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
    const attempts = system.routes
      .filter(({ router }) => router === 1)
      .flatMap((route) => doors(route).map((url) => ({ ...route, url })));
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
