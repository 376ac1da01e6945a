import { setTimeout as delay } from 'node:timers/promises';

const WAIT_MS_MAX = 5_000;
const POLL_MS = 50;

/** Asks a broker until it answers what it is about to know; after five seconds its last refusal is the outcome. */
export async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(POLL_MS);
  }
}
