import { keyBody } from '../testing/bodies';
import { MemoryEntries } from './memory-entries';

const key = { kind: 'key', id: 'key-1' } as const;
const snapshot = (version: number) => ({ ...key, version, body: keyBody() });

describe('entries in memory', () => {
  it('an answer from before a change is not kept', () => {
    const entries = new MemoryEntries(10);
    const asked = entries.beforeAsk();
    entries.invalidate(key, 2);
    expect(entries.fill(snapshot(1), asked)).toBe(false);
    expect(entries.get(key)).toBeUndefined();
    expect(entries.fill(snapshot(2), asked)).toBe(true);
    expect(entries.get(key)).toEqual(snapshot(2));
  });

  it('nor when so much has changed meanwhile that the change itself is forgotten', () => {
    const entries = new MemoryEntries(10);
    const asked = entries.beforeAsk();
    entries.invalidate(key, 2);
    for (let i = 0; i < 10; i++) entries.invalidate({ kind: 'key', id: `other-${i}` }, 2);
    expect(entries.fill(snapshot(1), asked)).toBe(false);
    expect(entries.fill(snapshot(2), entries.beforeAsk())).toBe(true);
  });

  it('a change that is known already invalidates nothing', () => {
    const entries = new MemoryEntries(10);
    entries.fill(snapshot(3), entries.beforeAsk());
    entries.invalidate(key, 2);
    expect(entries.get(key)).toEqual(snapshot(3));
  });

  it('the least used is forgotten first', () => {
    const entries = new MemoryEntries(2);
    const fill = (id: string) => entries.fill({ ...snapshot(1), id }, entries.beforeAsk());
    fill('a');
    fill('b');
    entries.get({ kind: 'key', id: 'a' });
    fill('c');
    expect(['a', 'b', 'c'].filter((id) => entries.get({ kind: 'key', id }) !== undefined)).toEqual(['a', 'c']);
  });
});
