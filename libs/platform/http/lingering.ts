import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** How long a client that was refused may go on sending, in ms. Less than the time that a whole request may take. */
const LINGER_MS_MAX = 10_000;

/** Whether the client is still sending the body of this request. */
export const isStillSending = ({ complete, headers }: IncomingMessage): boolean =>
  // Without a body there is nothing left, though Node says so only at the end of the turn. Simulated requests never say.
  complete === false && (Number(headers['content-length']) > 0 || headers['transfer-encoding'] !== undefined);

/**
 * `text` at once, and its end only when `request` was read to its end, at most 10 s later. Closing a connection that has unread bytes resets
 * it, and a reset takes from the client the reply that it has not read yet.
 */
export function lingering(text: string, request: IncomingMessage): Readable {
  async function* parts() {
    yield text;
    request.resume();
    // A client that goes away, or never ends, has had its reply.
    await finished(request, { writable: false, signal: AbortSignal.timeout(LINGER_MS_MAX) }).catch(() => undefined);
  }
  return Readable.from(parts(), { objectMode: false });
}
