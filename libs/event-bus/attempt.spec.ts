import { Backoff } from './attempt';

describe('Backoff', () => {
  it('doubles from 100 ms to at most 10 s, for each partition on its own, until it succeeds', () => {
    const backoff = new Backoff();
    expect(Array.from({ length: 9 }, () => backoff.failed('a/0'))).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
    ]);
    expect(backoff.failed('a/1')).toBe(100);
    backoff.succeeded('a/0');
    expect(backoff.failed('a/0')).toBe(100);
  });
});
