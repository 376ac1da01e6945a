import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstHeaders, LATER_HEADERS } from './hpack';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Types of frames, and their flags (RFC 9113 §6). */
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const HEAD_BYTES = 9;
const WINDOW_MAX = 2 ** 31 - 1;
const WINDOW_AT_FIRST = 65_535;
const NO_PUSH_AND_GREAT_WINDOWS = Buffer.from([0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]);
const TIMEOUT_MS = 10_000;

interface Waiting {
  readonly resolve: (message: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  message: Uint8Array | null;
}

/**
 * Unary gRPC calls, many at once, over one connection: frames are written as bytes and read no further than needed. The client of grpc-js
 * makes a third of the calls that its server can answer, so it would be the client that is measured. Messages must be short: it is not
 * looked at how much the server is willing to take.
 */
export class UnaryConnection {
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #nextStream = 1;
  #unacknowledged = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly path: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NO_PUSH_AND_GREAT_WINDOWS)]));
    this.#enlarge(WINDOW_MAX - WINDOW_AT_FIRST);
  }

  /** @param address `host:port` @param path of the method, as in `/package.Service/Method` */
  static async open(address: string, path: string): Promise<UnaryConnection> {
    const { hostname, port } = new URL(`http://${address}`);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new UnaryConnection(socket, path);
  }

  /** The message of the answer. Rejects when there is none, as the call has failed. */
  call(message: Uint8Array): Promise<Uint8Array> {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    const headers = stream === 1 ? firstHeaders(this.path) : LATER_HEADERS;
    return new Promise((resolve, reject) => {
      this.#waiting.set(stream, { resolve, reject, message: null });
      this.socket.write(
        Buffer.concat([
          frame(HEADERS, END_HEADERS, stream, headers),
          frame(DATA, END_STREAM, stream, Buffer.concat([prefix, message])),
        ]),
      );
    });
  }

  close(): void {
    this.#waiting.clear();
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5);
      this.#frame(bytes[at + 3], bytes[at + 4] ?? 0, stream, bytes.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    this.#received = bytes.subarray(at);
  }

  #frame(type: number | undefined, flags: number, stream: number, payload: Buffer): void {
    const waiting = this.#waiting.get(stream);
    if (type === DATA) {
      this.#acknowledge(payload.length);
      if (waiting) waiting.message = payload.subarray(5);
    } else if (type === SETTINGS && (flags & ACK) === 0) {
      this.socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    } else if (type === PING && (flags & ACK) === 0) {
      this.socket.write(frame(PING, ACK, 0, payload));
    } else if (type === GOAWAY) {
      this.#fail(new Error('the server goes away'));
    }
    const ended = type === RST_STREAM || ((type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0);
    if (!ended || waiting === undefined) return;
    this.#waiting.delete(stream);
    if (waiting.message === null || type === RST_STREAM) waiting.reject(new Error('the call failed'));
    else waiting.resolve(waiting.message);
  }

  #acknowledge(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged < WINDOW_MAX / 2) return;
    this.#enlarge(this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  /** The window of the connection; each stream's is as great as can be from the start. */
  #enlarge(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.socket.write(frame(WINDOW_UPDATE, 0, 0, payload));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
