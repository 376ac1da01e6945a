import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  /** How long to go on trying, in milliseconds. */
  timeoutMs?: number;
  /** Between two tries, in milliseconds. */
  everyMs?: number;
}

/** Calls `assertion` till it stops throwing and gives its value; after `timeoutMs` throws what it threw last. */
export async function eventually<Value>(
  assertion: () => Value | Promise<Value>,
  { timeoutMs = 5_000, everyMs = 20 }: EventuallyOptions = {},
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await pause(everyMs);
  }
}
