import type { KeySubject, Principal, SubjectReader } from '@latchkey/contracts';
import { AppError, userId, workspaceId } from '@latchkey/kernel';
import { KeyEnds } from './key-ends';

const key = (expiresAtMs: number | null): KeySubject => ({
  ...{ kind: 'key', workspaceId: workspaceId('w1'), userId: userId('u1'), name: 'key', status: 'active' },
  ...{ scopes: [], scopeSetIds: [], allowedIps: [], assets: 'all', plan: 'standard', expiresAtMs },
  secrets: [
    { number: 1, graceUntilMs: 5_000 },
    { number: 2, graceUntilMs: null },
  ],
});
const shown = (secretId: string, id = 'k1'): Principal => ({
  ...{ kind: 'api_key', id, secret_id: secretId, workspace_id: 'w1', user_id: 'u1', name: 'key' },
  ...{ scopes: [], assets: 'all' },
});
const endOf = (secretId: string, body: KeySubject | null) => {
  const reader: SubjectReader = {
    read: async (_owner, refs) => refs.map((ref) => ({ ...ref, version: body ? 1 : 0, body })),
  };
  return new KeyEnds(reader).endOf(shown(secretId));
};

it.each<[string, string, KeySubject | null, number | null]>([
  ['nothing for one that does not end', 'k1.2', key(null), null],
  ['when its key expires', 'k1.2', key(9_000), 9_000],
  ['when its grace period ends', 'k1.1', key(null), 5_000],
  ['whichever of both comes first', 'k1.1', key(4_000), 4_000],
  ['nothing for one that is gone', 'k1.2', null, null],
])('the end of a secret is %s', async (_, secretId, body, end) => expect(await endOf(secretId, body)).toBe(end));

it('the ends of keys that are introspected at once are asked for in one call, each key once', async () => {
  const calls: string[][] = [];
  const ends = new KeyEnds({
    read: async (_owner, refs) => {
      calls.push(refs.map(({ id }) => id));
      return refs.map((ref) => ({ ...ref, version: 1, body: key(ref.id === 'k1' ? 9_000 : 8_000) }));
    },
  });
  const asked = [shown('k1.2'), shown('k2.2', 'k2'), shown('k1.1')].map((principal) => ends.endOf(principal));
  expect(await Promise.all(asked)).toEqual([9_000, 8_000, 5_000]);
  expect(calls).toEqual([['k1', 'k2']]);
});

it('an end that nobody can tell right now is left out, and a failure is none of that', async () => {
  const failing = (error: Error) => new KeyEnds({ read: () => Promise.reject(error) }).endOf(shown('k1.2'));
  expect(await failing(new AppError('service.unavailable'))).toBeNull();
  await expect(failing(new AppError('service.internal'))).rejects.toMatchObject({ code: 'service.internal' });
});
