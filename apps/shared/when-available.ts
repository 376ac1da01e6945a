import { setTimeout as pause } from 'node:timers/promises';
import { isAppError } from '@latchkey/kernel';

const PATIENCE_MS = 60_000;
const RETRY_MS = 250;

/** The services of a cluster start side by side: what needs another one waits for it, up to a minute. */
export async function whenAvailable<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAppError(error, 'service.unavailable') || performance.now() > deadline) throw error;
      await pause(RETRY_MS);
    }
  }
}
