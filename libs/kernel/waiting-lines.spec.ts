import { WaitingLines } from './waiting-lines';

/** Items of an asker are numbered: `a1`, `a2`, … */
function given(sizeMax: number) {
  const lines = new WaitingLines<string>(sizeMax);
  /** Answers what had to go. */
  const add = (asker: string, from: number, to: number) => {
    const dropped: (string | null)[] = [];
    for (let each = from; each <= to; each += 1) dropped.push(lines.add(asker, String(each), `${asker}${each}`));
    return dropped.filter((item) => item !== null);
  };
  const take = (count: number) => lines.take(count).map(([, item]) => item);
  return { lines, add, take };
}

describe('a waiting room', () => {
  it('serves one asker in the order of its items', () => {
    const { add, take } = given(10);
    add('a', 1, 3);
    expect([take(2), take(2), take(2)]).toEqual([['a1', 'a2'], ['a3'], []]);
  });

  it('serves those who have few waiting before all of one who has many', () => {
    const { add, take } = given(100);
    add('a', 1, 90);
    add('b', 1, 2);
    add('c', 1, 1);
    expect(take(6)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('goes on with whose turn it is', () => {
    const { add, take } = given(100);
    add('a', 1, 9);
    add('b', 1, 9);
    add('c', 1, 9);
    expect([take(2), take(2), take(2)]).toEqual([
      ['a1', 'b1'],
      ['c1', 'a2'],
      ['b2', 'c2'],
    ]);
  });

  it('lets go of whoever leaves, whose place is free then', () => {
    const { lines, add, take } = given(3);
    add('a', 1, 1);
    add('b', 1, 2);
    lines.remove('a', '1');
    lines.remove('a', '1');
    lines.remove('b', '1');
    expect([lines.size, add('c', 1, 2)]).toEqual([1, []]);
    expect(take(3)).toEqual(['b2', 'c1', 'c2']);
  });

  it('may be filled by one, which is refused then', () => {
    const { lines, add } = given(3);
    expect([add('a', 1, 5), lines.size]).toEqual([['a4', 'a5'], 3]);
  });

  it('when it is full, gives way to who has fewer, up to an equal share', () => {
    const { lines, add, take } = given(4);
    add('a', 1, 4);
    expect(add('b', 1, 3)).toEqual(['a1', 'a2', 'b3']);
    expect(add('a', 5, 5)).toEqual(['a5']);
    expect(lines.size).toBe(4);
    expect(take(4)).toEqual(['a3', 'b1', 'a4', 'b2']);
    expect(lines.size).toBe(0);
  });
});
