/** A page, and where the next one begins: `null` on the last one. */
export interface PageOf<Item, Position> {
  readonly items: readonly Item[];
  readonly next: Position | null;
}

/** @param found one more than the page holds, if there is one */
export function pageOf<Item, Position>(
  found: readonly Item[],
  limit: number,
  positionOf: (item: Item) => Position,
): PageOf<Item, Position> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? positionOf(last) : null };
}
