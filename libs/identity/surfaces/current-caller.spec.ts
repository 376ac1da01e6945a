import { keyScopesOf } from './current-caller';

describe('what a caller has to give to members', () => {
  const scopes = ['admin:full'];

  it('is theirs by their role where they have signed in', () =>
    expect(keyScopesOf({ kind: 'session', assets: 'all', scopes })).toBeNull());

  it.each(['api_key', 'client'] as const)('is what %s has on all assets', (kind) => {
    expect(keyScopesOf({ kind, assets: 'all', scopes })).toEqual(scopes);
    expect(keyScopesOf({ kind, assets: ['example.com'], scopes })).toEqual([]);
  });
});
