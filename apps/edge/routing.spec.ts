import { routeTo } from './routing';

const route = (path: string) => ({ path, targets: [path] });
const pathOf = routeTo(['/', '/api/keys', '/api/keys/*/activity', '/v1'].map(route));

describe('routing', () => {
  it.each([
    ['/api/keys', '/api/keys'],
    ['/api/keys?limit=1', '/api/keys'],
    ['/api/keys/1/rotate', '/api/keys'],
    ['/api/keys/1/activity?limit=1', '/api/keys/*/activity'],
    ['/api/keys//activity', '/api/keys'],
    ['/api/keysmith', '/'],
    ['/v1/check', '/v1'],
    ['//v1/check', '/'],
    ['/%76%31/check', '/'],
    ['/x?/v1/check', '/'],
  ])('sends %s to %s', (url, path) => expect(pathOf(url)?.path).toBe(path));

  it('knows nothing where no route fits', () => expect(routeTo([route('/v1')])('/v2')).toBeUndefined());
});
