import { measured, median, percentile, spread } from './statistics';

describe('median', () => {
  it('is the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two in the middle', () => expect(median([1, 4, 2, 100])).toBe(3));
  it('compares numbers, not their texts', () => expect(median([10, 9, 100])).toBe(10));
  it('of nothing is a mistake', () => expect(() => median([])).toThrow('no values'));
});

describe('spread', () => {
  it('keeps the worst and the best round beside the median', () =>
    expect(spread([0.5, 0.7, 0.4])).toEqual({ median: 0.5, min: 0.4, max: 0.7 }));
});

describe('percentile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('%d of 1 … 100 is %d', (share, value) => expect(percentile(hundred, share)).toBe(value));
  it('of one value is that value', () => expect(percentile(Float64Array.of(7), 0.99)).toBe(7));
});

describe('measured', () => {
  it('sorts latencies and counts every operation of a call', () =>
    expect(measured([3, 1, 2], 2, 100)).toEqual({ count: 300, seconds: 2, p50Ms: 2, p99Ms: 3 }));
});
