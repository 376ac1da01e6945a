import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 15_000;

export interface Call {
  readonly method?: string;
  /** Sent as it is: no part of it is normalised on the way, as `fetch` would. */
  readonly path: string;
  /** As a Bearer token. */
  readonly credential?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a string as it is. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json<Body>(): Body;
}

/** One HTTP request on a connection of its own. */
export async function call(
  baseUrl: string,
  { method = 'GET', path, credential, headers, body }: Call,
): Promise<Answer> {
  const { hostname, port } = new URL(baseUrl);
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = request({
    hostname,
    port,
    method,
    path,
    agent: false,
    timeout: TIMEOUT_MS,
    headers: {
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
      ...(payload !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(payload)),
      }),
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path} within ${TIMEOUT_MS} ms`)));
    sent.on('response', (response) => {
      text(response).then(
        (content) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: content,
            json: <Body>() => JSON.parse(content) as Body,
          }),
        reject,
      );
    });
    sent.end(payload);
  });
}

/** Bytes that no HTTP client would send, and what came back till the server closed: ask it to, with `Connection: close`. */
export function sendBytes(baseUrl: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no end within ${TIMEOUT_MS} ms`)));
    socket.on('error', reject);
    text(socket).then(resolve, reject);
  });
}

/** Calls of one who holds a key. */
export const callerOf =
  (url: string, credential: string) =>
  (method: string, path: string, body?: unknown, headers: Call['headers'] = {}): Promise<Answer> =>
    call(url, { method, path, credential, body, headers });
