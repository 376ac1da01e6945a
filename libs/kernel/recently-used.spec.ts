import { RecentlyUsed } from './recently-used';

describe('what was used of late', () => {
  it('stays while it is used, however much else comes and goes', () => {
    const memory = new RecentlyUsed<number>(10);
    memory.put('used', 1);
    for (let other = 0; other < 100; other += 1) {
      memory.put(`other ${other}`, other);
      expect(memory.get('used')).toBe(1);
    }
    const kept = Array.from({ length: 100 }, (_, other) => memory.get(`other ${other}`)).filter(
      (known) => known !== undefined,
    );
    expect(kept.length).toBeLessThan(10);
    expect(memory.get('other 99')).toBe(99);
  });

  it('is what was put last under its name', () => {
    const memory = new RecentlyUsed<string>(2);
    for (const value of ['first', 'second', 'third']) memory.put('name', value);
    expect([memory.get('name'), memory.get('another')]).toEqual(['third', undefined]);
  });
});
