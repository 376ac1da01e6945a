import { setTimeout as delay } from 'node:timers/promises';

const RESTART_MS = 500;

/** Calls `read`, which goes on until `signal` says otherwise; when it fails, again after half a second. Never rejects. */
export async function keepReading(
  signal: AbortSignal,
  read: () => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await read();
    } catch (error) {
      failed(error);
      await delay(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
