import type { Load } from '../contender';
import type { Measured } from '../statistics';
import { closedLoop, takingTurns } from './closed-loop';
import { HttpConnection } from './http-connection';

/** A `POST` of JSON, as bytes. */
export function postRequest(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Buffer {
  const payload = JSON.stringify(body);
  const lines = Object.entries({
    Host: '127.0.0.1',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(payload)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
}

export interface HttpLoad {
  readonly url: string;
  /** Sent one after another, by whichever caller is next. */
  readonly requests: readonly Buffer[];
  /** What the body of every answer must hold. */
  readonly expected: string;
}

/** Load over as many kept-alive connections as there are callers. */
export async function httpLoad({ url, requests, expected }: HttpLoad, load: Load): Promise<Measured> {
  const connections = await Promise.all(Array.from({ length: load.concurrency }, () => HttpConnection.open(url)));
  const nextRequest = takingTurns(requests);
  try {
    return await closedLoop(load, async (caller) => {
      const body = await connections[caller]?.send(nextRequest());
      if (!body?.includes(expected)) throw new Error(`${url} answered ${body?.toString()}`);
    });
  } finally {
    for (const connection of connections) connection.close();
  }
}
