import { measured, type Measured } from '../statistics';
import type { Load } from '../contender';

/**
 * Keeps `concurrency` callers busy until the time is up, then waits for what is under way.
 * @param call one call of caller number `caller`; rejects when it is not answered as it should be
 */
export async function closedLoop(
  { concurrency, seconds }: Load,
  call: (caller: number) => Promise<void>,
  operationsPerCall = 1,
): Promise<Measured> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  const one = async (caller: number) => {
    for (let sentAt = performance.now(); sentAt < endsAt;) {
      await call(caller);
      const answeredAt = performance.now();
      latenciesMs.push(answeredAt - sentAt);
      sentAt = answeredAt;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, caller) => one(caller)));
  return measured(latenciesMs, (performance.now() - startedAt) / 1_000, operationsPerCall);
}

/** The items one after another, from the first again after the last. */
export function takingTurns<Item>(items: readonly Item[]): () => Item {
  let next = 0;
  return () => {
    const item = items[next];
    if (item === undefined) throw new Error('nobody to take turns');
    next = (next + 1) % items.length;
    return item;
  };
}
