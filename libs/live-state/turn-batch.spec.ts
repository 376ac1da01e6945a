import { setImmediate as nextTurn } from 'node:timers/promises';
import { TurnBatch } from './turn-batch';

describe('a batch per turn of the event loop', () => {
  let flushed: (readonly number[])[];
  const batch = (itemsMax?: number) => {
    flushed = [];
    return new TurnBatch<number>((items) => flushed.push(items), itemsMax);
  };
  const add = (to: TurnBatch<number>, count: number) => {
    for (let item = 1; item <= count; item += 1) to.add(item);
  };

  it('holds all that came in the turn, in its order', async () => {
    const items = batch();
    add(items, 3);
    expect(flushed).toEqual([]);
    await nextTurn();
    add(items, 1);
    await nextTurn();
    expect(flushed).toEqual([[1, 2, 3], [1]]);
  });

  it('is flushed at once whenever it is full, and holds each item once', async () => {
    const items = batch(2);
    add(items, 5);
    expect(flushed).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await nextTurn();
    expect(flushed).toEqual([[1, 2], [3, 4], [5]]);
    add(items, 2);
    await nextTurn();
    expect(flushed.at(-1)).toEqual([1, 2]);
    expect(flushed).toHaveLength(4);
  });
});
