import fc from 'fast-check';
import { joinPosition, type PositionRange } from './positions';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** Adds positions one after the other, a second apart. */
function ranges(positions: readonly number[]): PositionRange[] {
  return positions.reduce<PositionRange[]>((set, number, second) => {
    const position = BigInt(number);
    const below = set.findLast(({ first }) => first < position) ?? null;
    const above = set.find(({ first }) => first > position) ?? null;
    const { range, replaced } = joinPosition(position, below, above, at(second));
    return [...set.filter((one) => !replaced.includes(one)), range].sort((a, b) => (a.first < b.first ? -1 : 1));
  }, []);
}

const spans = (set: readonly PositionRange[]) => set.map(({ first, last }) => [Number(first), Number(last)]);

describe('joinPosition', () => {
  it('keeps one range while positions follow each other', () => {
    expect(spans(ranges([1, 2, 3, 4]))).toEqual([[1, 4]]);
  });

  it('closes a gap with the position that was missing', () => {
    expect(spans(ranges([1, 2, 4, 5]))).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(spans(ranges([1, 2, 4, 5, 3]))).toEqual([[1, 5]]);
  });

  it('tells since when each gap is open, also when it is split or shrinks from above', () => {
    const split = ranges([1, 10, 5, 9]);
    expect(split).toEqual([
      { first: 1n, last: 1n, gapSince: at(0) },
      { first: 5n, last: 5n, gapSince: at(1) },
      { first: 9n, last: 10n, gapSince: at(1) },
    ]);
  });

  it('holds exactly the positions that were added, whatever their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }), (positions) => {
        const held = spans(ranges(positions)).flatMap(([first = 0, last = 0]) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(held).toEqual([...positions].sort((a, b) => a - b));
      }),
    );
  });
});
