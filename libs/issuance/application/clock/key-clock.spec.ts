import { AppError, keyId, workspaceId } from '@latchkey/kernel';
import { FakeClock } from '@latchkey/testing';
import type { ExistingKey, KeyWrite } from '../ports';
import { created } from '../../testing/key-history';
import { evolve, initialKey } from '../../domain/key/key';
import { KeyClock } from './key-clock';
import type { DueKeys, ExpiringKey, ExpiryMark, ReminderDays } from './ports';

const DAY_MS = 24 * 3_600_000;
const NOW = '2026-04-28T12:00:00.000Z';

const due = (count: number, days = 0): ExpiringKey[] =>
  Array.from({ length: count }, (_, index) => ({
    keyId: keyId(`key ${index}`),
    workspaceId: workspaceId('w'),
    expiresAt: new Date(Date.parse(NOW) + days * DAY_MS),
  }));

function given(found: { expired?: ExpiringKey[]; expiring?: Partial<Record<ReminderDays, ExpiringKey[]>> }) {
  const marks: [ReminderDays, ExpiryMark][] = [];
  const written: string[] = [];
  let fails: string | undefined;
  let failure: Error;
  const keys: DueKeys = {
    alone: async (work) => {
      await work();
      return true;
    },
    expired: async () => found.expired ?? [],
    expiringBy: async (days) => found.expiring?.[days] ?? [],
    mark: async (days, { expiresAt, keyId: id }) => void marks.push([days, { expiresAt, keyId: id }]),
    rotations: async () => [],
    lookAgain: async () => undefined,
    heardUntil: async () => null,
  };
  const write = async ({ keyId: id }: KeyWrite) => {
    if (id === fails) throw failure;
    written.push(id);
    const key = evolve(initialKey, created) as ExistingKey;
    return { key, changed: { kind: 'key', id, workspaceId: key.workspaceId, version: 1 } as const };
  };
  const clock = new KeyClock(keys, { write }, new FakeClock(NOW));
  return {
    clock,
    marks,
    written,
    failAt: (id: string, error = new Error('the key is broken')) => ([fails, failure] = [id, error]),
  };
}

describe('a tick of the clock of keys', () => {
  it('says that there is more to do when it has not done all', async () => {
    expect(await given({ expired: due(24) }).clock.tick()).toBe(false);
    expect(await given({ expired: due(25) }).clock.tick()).toBe(true);
    expect(await given({ expiring: { 30: due(25, 29) } }).clock.tick()).toBe(true);
  });

  it('marks how far it has looked, and without keys how far there are none', async () => {
    const { clock, marks } = given({ expiring: { 14: due(2, 9) } });
    await clock.tick();
    const inDays = (days: number) => new Date(Date.parse(NOW) + days * DAY_MS);
    expect(marks).toEqual([
      [7, { expiresAt: inDays(7), keyId: '' }],
      [14, { expiresAt: inDays(9), keyId: 'key 1' }],
      [30, { expiresAt: inDays(30), keyId: '' }],
    ]);
  });

  it('reminds of no earlier day while it has not reminded all of a nearer one', async () => {
    const { clock, marks } = given({ expiring: { 7: due(25, 6), 14: due(25, 6), 30: due(25, 6) } });
    await clock.tick();
    expect(marks.map(([days]) => days)).toEqual([7]);
  });

  it('that fails marks nothing that it has not looked at', async () => {
    const { clock, marks, written, failAt } = given({ expiring: { 7: due(3, 6) } });
    failAt('key 1', new AppError('service.unavailable'));
    await expect(clock.tick()).rejects.toThrow(AppError);
    expect([written, marks]).toEqual([['key 0'], []]);
  });

  it('that fails for one key does the others, tells of it, and comes back to it', async () => {
    const { clock, marks, written, failAt } = given({ expired: due(3), expiring: { 7: due(3, 6) } });
    failAt('key 1');
    await expect(clock.tick()).rejects.toThrow('the key is broken');
    expect(written).toEqual(['key 0', 'key 2', 'key 0', 'key 2']);
    expect(marks.map(([days, { keyId: id }]) => [days, id])).toEqual([
      [7, 'key 0'],
      [14, ''],
      [30, ''],
    ]);
  });

  it('has nobody wait for ever behind a key that always fails', async () => {
    const { clock, marks, failAt } = given({ expiring: { 7: due(25, 6) } });
    failAt('key 0');
    await expect(clock.tick()).rejects.toThrow('the key is broken');
    expect(marks.map(([days, { keyId: id }]) => [days, id])).toEqual([[7, 'key 24']]);
  });
});
