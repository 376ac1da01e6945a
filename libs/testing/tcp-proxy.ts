import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Towards the server go requests, from it come answers. */
export type Direction = 'requests' | 'answers';

/** A network between a client and a server that a test can spoil. */
export interface TcpProxy {
  /** The target's address with the proxy in the place of its host and port. */
  readonly url: string;
  readonly port: number;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  /** Holds back bytes, all or one way only; connections stay open, as in a partition without resets. `restore` delivers them. */
  stall(direction?: Direction | 'both'): void;
  /** Connections go to another server from now on; those that are open are reset, as by a failover. */
  redirect(target: string): void;
  /** From now on everything passes as at first; a redirection stays. */
  restore(): void;
  /** Holds every packet back for so many milliseconds, each way. */
  delay(milliseconds: number): void;
  stop(): Promise<void>;
}

/** @param target address of the server as a URL of any scheme: `redis://127.0.0.1:6379` */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  let upstreamUrl = new URL(target);
  const open = new Set<Socket>();
  const gates: Record<Direction, Gate> = { requests: new Gate(), answers: new Gate() };
  let cut = false;
  let delayMs = 0;

  const resetAll = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const carry = async (direction: Direction, from: Socket, to: Socket) => {
    for await (const packet of from as AsyncIterable<Buffer>) {
      if (delayMs > 0) await pause(delayMs);
      await gates[direction].passed();
      if (!to.write(packet)) await once(to, 'drain');
    }
    to.end();
  };
  const server = createServer((client) => {
    if (cut) return void client.resetAndDestroy();
    const upstream = connect({ host: upstreamUrl.hostname, port: Number(upstreamUrl.port) });
    for (const socket of [client, upstream]) {
      open.add(socket.setNoDelay());
      socket.once('close', () => open.delete(socket));
    }
    const both = [carry('requests', client, upstream), carry('answers', upstream, client)];
    void Promise.all(both).catch(() => {
      client.destroy();
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: withAddress(target, port),
    port,
    cut() {
      cut = true;
      resetAll();
    },
    stall(direction = 'both') {
      if (direction !== 'answers') gates.requests.close();
      if (direction !== 'requests') gates.answers.close();
    },
    redirect(other) {
      upstreamUrl = new URL(other);
      resetAll();
    },
    restore() {
      cut = false;
      delayMs = 0;
      gates.requests.open();
      gates.answers.open();
    },
    delay(milliseconds) {
      delayMs = milliseconds;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      resetAll();
      await closed;
    },
  };
}

/** Open at first. While it is closed everybody waits. */
class Gate {
  #opened = Promise.resolve();
  #open: () => void = () => undefined;

  close(): void {
    this.open();
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  passed(): Promise<void> {
    return this.#opened;
  }
}

function withAddress(target: string, port: number): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
