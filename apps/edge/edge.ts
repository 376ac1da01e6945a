import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { Agent as TlsAgent, request as requestOverTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { clientIp, ipMatcher } from '@latchkey/access';
import { routeTo, type Route } from './routing';

export interface EdgeOptions {
  readonly routes: readonly Route[];
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** How long a service may be silent before the edge gives up, in milliseconds; 30,000 when absent. */
  readonly silenceMsMax?: number;
  /** The authority, in PEM, that certificates of `https` targets must be from. */
  readonly authority?: string | undefined;
  /** Addresses and CIDR ranges of proxies in front, whose `X-Forwarded-For` is believed. None when absent. */
  readonly trustedProxies?: readonly string[];
}

export interface Edge {
  readonly url: string;
  /** Takes no new requests; resolves when those in hand are answered. */
  close(): Promise<void>;
}

/** How long a client may go on sending after its reply, in ms. */
const LINGER_MS_MAX = 10_000;

/** Of one connection only (RFC 9110 §7.6.1); and who the client is, which nobody but the edge may say. */
const notPassedOn = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'];
const saidByEdge = ['x-forwarded-for', 'x-real-ip', 'forwarded'];

/** What stands there when nobody can tell who the client is (RFC 7239 §6.2). */
const UNKNOWN = 'unknown';

/**
 * A reverse proxy that changes nothing else: not the target, not the order, case or number of headers. It shows no certificate of its
 * own, as a service would take whatever comes through it for a call of the installation itself.
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { routes, port, host, silenceMsMax = 30_000, authority, trustedProxies = [] } = options;
  const open = opener(authority);
  const isTrustedProxy = ipMatcher(trustedProxies);
  const routeOf = routeTo(routes);
  const turns = new Map<Route, number>();
  const targetsInTurn = (route: Route) => {
    const turn = turns.get(route) ?? 0;
    turns.set(route, (turn + 1) % route.targets.length);
    return [...route.targets.slice(turn), ...route.targets.slice(0, turn)];
  };

  const server = createServer((incoming, reply) => {
    const route = routeOf(incoming.url ?? '');
    if (route === undefined) return void fail(reply, 404, 'route.not_found');
    void forward(incoming, reply, targetsInTurn(route));
  });

  function clientOf({ socket, headers }: IncomingMessage): string {
    const origin = { peer: socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] };
    return clientIp(origin, isTrustedProxy) ?? UNKNOWN;
  }

  /** A target that refuses the connection has seen nothing of the request: the next one takes it. */
  async function forward(incoming: IncomingMessage, reply: ServerResponse, targets: readonly string[]): Promise<void> {
    for (const target of targets) {
      const outgoing = open.request(new URL(target), {
        method: incoming.method,
        path: incoming.url,
        headers: headersFor(incoming, clientOf(incoming)),
        timeout: silenceMsMax,
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error('the service is silent')));
      if (await connects(outgoing)) return exchange(incoming, reply, outgoing);
    }
    fail(reply, 502, 'service.unavailable');
  }

  // Else Node drops what comes after the two thousandth: what the proxy in front has added, say. The size of all is bounded anyway.
  server.maxHeadersCount = 0;
  server.listen(port, host);
  await once(server, 'listening');
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${boundPort}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
      open.close();
    },
  };
}

/** Requests to `http` and `https` targets, over connections that are kept. */
function opener(authority: string | undefined) {
  const plain = new Agent({ keepAlive: true });
  const secure = new TlsAgent({ keepAlive: true, ...(authority !== undefined && { ca: authority }) });
  return {
    request: ({ protocol, hostname, port }: URL, options: RequestOptions) =>
      protocol === 'https:'
        ? requestOverTls({ ...options, agent: secure, hostname, port })
        : request({ ...options, agent: plain, hostname, port }),
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Names and values in pairs, as they came. */
function headersFor(incoming: IncomingMessage, client: string): string[] {
  const kept = pairs(incoming.rawHeaders).filter(
    ([name]) => ![...notPassedOn, ...saidByEdge].includes(name.toLowerCase()),
  );
  return [...kept.flat(), 'X-Forwarded-For', client];
}

const pairs = (raw: readonly string[]) =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));

type Outgoing = ReturnType<typeof request>;

/** Whether it got a connection, new or kept. Nothing is sent before that. */
function connects(outgoing: Outgoing): Promise<boolean> {
  return new Promise((resolve) => {
    outgoing.once('error', () => resolve(false));
    outgoing.once('socket', (socket) => {
      if (socket.connecting)
        socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => resolve(true));
      else resolve(true);
    });
  });
}

function exchange(incoming: IncomingMessage, reply: ServerResponse, outgoing: Outgoing): void {
  outgoing.on('error', () => reply.headersSent || fail(reply, 502, 'service.unavailable'));
  outgoing.once('response', (response) => {
    const headers = pairs(response.rawHeaders).filter(
      ([name]) => ![...notPassedOn, 'transfer-encoding'].includes(name.toLowerCase()),
    );
    reply.writeHead(response.statusCode ?? 502, response.statusMessage, headers.flat());
    pipeline(response, reply, { end: false })
      .then(() => stillSent(incoming, outgoing))
      .then(
        () => reply.end(),
        () => reply.destroy(),
      );
  });
  reply.once('close', () => reply.writableFinished || outgoing.destroy());
  incoming.pipe(outgoing);
}

/**
 * Reads what the client still sends after the reply of a service that did not want the rest, at most 10 s: to close before that would reset
 * the connection, and take from the client the reply that it has not read yet.
 */
async function stillSent(incoming: IncomingMessage, outgoing: Outgoing): Promise<void> {
  if (incoming.complete) return;
  incoming.unpipe(outgoing).resume();
  await finished(incoming, { writable: false, signal: AbortSignal.timeout(LINGER_MS_MAX) }).catch(() => undefined);
}

function fail(reply: ServerResponse, status: 404 | 502, code: 'route.not_found' | 'service.unavailable'): void {
  const body = JSON.stringify({ type: 'about:blank', status, code });
  reply.writeHead(status, { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) });
  reply.end(body);
}
