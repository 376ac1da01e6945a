import type { Load } from '../contender';
import type { Measured } from '../statistics';
import { closedLoop, takingTurns } from './closed-loop';
import { HttpConnection } from './http-connection';

type Fields = Readonly<Record<string, string>>;

/** A `GET`, as bytes. */
export const getRequest = (path: string, headers: Fields = {}): Buffer => bytes('GET', path, headers);

/** A `POST` of JSON, as bytes. */
export const postRequest = (path: string, body: object, headers: Fields = {}): Buffer =>
  post(path, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });

/** A `POST` of a form, as bytes. */
export const formRequest = (path: string, fields: Fields, headers: Fields = {}): Buffer =>
  post(path, new URLSearchParams(fields).toString(), {
    'Content-Type': 'application/x-www-form-urlencoded',
    ...headers,
  });

const post = (path: string, payload: string, headers: Fields): Buffer =>
  bytes('POST', path, { 'Content-Length': String(Buffer.byteLength(payload)), ...headers }, payload);

function bytes(method: string, path: string, headers: Fields, payload = ''): Buffer {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
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
