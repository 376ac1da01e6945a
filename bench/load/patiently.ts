import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 10;
const PAUSE_MS = 500;

/**
 * Tries again while services answer 503. For what is only prepared: where the machine does other work too, they may refuse for a moment. What is
 * measured is never tried again.
 */
export async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === TRIES || !String(error).includes(' 503 ')) throw error;
    }
    await pause(PAUSE_MS);
  }
}
