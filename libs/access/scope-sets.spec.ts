import type { SubjectReader } from '@latchkey/contracts';
import { readScopeSets, scopeSetsOf, scopesOfSets, scopesWithSets } from './scope-sets';
import { scopeSet, snapshot } from './testing/subjects';
import { workspaceId } from '@latchkey/kernel';

const reader: SubjectReader = {
  read: (owner, refs) => {
    const all = [
      snapshot('s1', scopeSet),
      snapshot('deleted', scopeSet, { scopes: [] }),
      snapshot('theirs', scopeSet, { workspaceId: workspaceId('w2') }),
    ];
    const missing = (id: string) => snapshot(id, scopeSet, null);
    return Promise.resolve(
      owner === 'issuance' ? refs.map(({ id }) => all.find((one) => one.id === id) ?? missing(id)) : [],
    );
  },
};

describe('scope sets that a request wants attached', () => {
  const ids = ['s1', 'deleted', 'theirs', 'none', 'no\0id'];
  const sets = async () => scopesOfSets(await scopeSetsOf(reader, 'w1', ids));

  it('are told by their owner: those of another workspace and deleted ones hold nothing', async () => {
    expect([...(await sets())]).toEqual([
      ['s1', ['scans:write']],
      ['deleted', []],
      ['theirs', []],
      ['none', []],
    ]);
    expect(await scopeSetsOf({ read: () => Promise.reject(new Error('asked')) }, 'w1', [])).toEqual([]);
  });

  it.each(['deleted', 'theirs', 'none', 'no\0id'])(
    'are refused by place and id where one is not there: %s',
    async (id) => {
      const known = await sets();
      expect(() => readScopeSets(['s1', id], [], known)).toThrow(
        expect.objectContaining({ code: 'scope_set.unknown', field: 'scope_sets.1' }),
      );
    },
  );

  it('may go on with one that was deleted since it was attached, and come each once', async () =>
    expect(readScopeSets(['s1', 'deleted', 's1'], ['deleted'], await sets())).toEqual(['s1', 'deleted']));

  it('add their scopes to those at hand', async () => {
    const known = await sets();
    expect(scopesWithSets(['assets:read'], ['s1', 'deleted'], known)).toEqual(['assets:read', 'scans:write']);
    expect(() => scopesWithSets([], ['came later'], known)).toThrow(
      expect.objectContaining({ code: 'stream.version_conflict' }),
    );
  });
});
