import { formatRoutes, parseRoutes } from './routes';

describe('routes as a text', () => {
  it('come back as they were', () => {
    const routes = [
      { path: '/api/keys/*/activity', targets: ['https://audit:8080'] },
      { path: '/', targets: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] },
    ];
    expect(parseRoutes(formatRoutes(routes))).toEqual(routes);
    expect(parseRoutes(`\n  ${formatRoutes(routes)}\n\n`)).toEqual(routes);
  });

  it.each(['', '/api', 'api http://a:1', '/api a:1', '/api http://a:1/path', '/api ftp://a:1'])(
    'are refused as %j',
    (text) => expect(parseRoutes(text)).toBeNull(),
  );
});
