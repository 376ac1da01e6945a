import { workspaceId, type UserId } from '@latchkey/kernel';
import type { KeyFilter, KeyListQuery } from '../application/key-list-query';
import { PostgresKeyList } from './postgres-key-list';

const [busy, other] = ['busy', 'other'].map(workspaceId);
const asked = (workspace = busy, filter: KeyFilter = { name: 'x' }): KeyListQuery => ({
  reach: { workspaceId: workspace as NonNullable<typeof workspace>, userId: null, admin: true },
  ...{ filter, liveOnly: true, now: new Date(0), order: { by: 'created', direction: 'desc' }, limit: 1 },
});
const all = asked(busy, {});

/** All that can happen by itself has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('who searches among keys', () => {
  let running: { workspace: unknown; end: () => void }[];
  let list: PostgresKeyList;
  beforeEach(() => {
    running = [];
    const query = (_statement: string, [workspace]: unknown[]) =>
      new Promise<never[]>((resolve) => running.push({ workspace, end: () => resolve([]) }));
    list = new PostgresKeyList({ query: query as never });
  });
  const workspaces = () => running.map(({ workspace }) => workspace);

  it('has three connections at most, by lists and by counts, and whoever does not search waits for none of them', async () => {
    for (let count = 0; count < 5; count += 1) void list.after(asked(), null);
    void list.count(asked(), 10);
    await settled();
    expect(running).toHaveLength(3);
    void list.after(all, null);
    void list.find(asked().reach, 'k');
    await settled();
    expect(running).toHaveLength(5);
  });

  it.each<[string, KeyListQuery]>([
    ['by name', { ...all, order: { by: 'name', direction: 'asc' } }],
    ['by expiry', { ...all, order: { by: 'expires', direction: 'asc' } }],
    ['by last use', { ...all, order: { by: 'last_used', direction: 'desc' } }],
    ['of one member', { ...all, reach: { ...all.reach, userId: 'u' as UserId, admin: false } }],
  ])('is also who lists keys %s', async (_, query) => {
    for (let count = 0; count < 5; count += 1) void list.after(query, null);
    await settled();
    expect(running).toHaveLength(3);
  });

  it('holds up nothing that is urgent', async () => {
    for (let count = 0; count < 5; count += 1) void list.after(asked(), null);
    await settled();
    void list.after({ ...asked(), urgent: true }, null);
    void list.count({ ...asked(), urgent: true }, 10);
    await settled();
    expect(running).toHaveLength(5);
  });

  it('waits for nobody who searches much', async () => {
    for (let count = 0; count < 50; count += 1) void list.after(asked(), null);
    void list.after(asked(other), null);
    await settled();
    for (const { end } of running) end();
    await settled();
    expect(workspaces()).toContain(other);
  });
});
