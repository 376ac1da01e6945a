import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const TIMEOUT_MS = 10_000;
const HEAD_END = Buffer.from('\r\n\r\n');

interface Waiting {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One kept-alive connection that sends requests which are bytes already, and reads no more of an answer than its status and its length. A
 * client for everybody costs more than some of the servers that are measured here.
 */
export class HttpConnection {
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** The body of the answer. Rejects when its status is not 2xx. One request at a time. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const bodyAt = headEnd + HEAD_END.length;
    if (length === undefined) return this.#fail(new Error(`an answer without length:\n${head}`));
    if (this.#received.length < bodyAt + Number(length)) return;
    const body = this.#received.subarray(bodyAt);
    this.#received = Buffer.alloc(0);
    if (head.charCodeAt('HTTP/1.1 '.length) !== '2'.charCodeAt(0)) {
      return this.#fail(new Error(`${head.split('\r\n', 1)[0] ?? ''}: ${body.toString()}`));
    }
    this.#waiting?.resolve(body);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
