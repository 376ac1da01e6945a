import { calm } from './calm';

describe('a calm log', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells a problem at once, and then every ten seconds how often it has happened', () => {
    const told: unknown[] = [];
    const tell = calm<string>((problem, times) => told.push([problem, times]));
    for (const problem of ['a', 'b', 'c']) tell(problem);
    expect(told).toEqual([['a', 1]]);
    jest.advanceTimersByTime(10_000);
    tell('d');
    expect(told).toEqual([
      ['a', 1],
      ['d', 3],
    ]);
  });
});
