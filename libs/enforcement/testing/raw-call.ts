import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

/** A connection for calls that no good client makes: whose message is never whole, for one. */
export class RawConnection {
  readonly #session: ClientHttp2Session;
  /** Whether the server has ended the connection. */
  closed = false;

  /** @param address `host:port` */
  constructor(address: string) {
    this.#session = connect(`http://${address}`);
    this.#session.on('error', () => undefined);
    this.#session.on('close', () => (this.closed = true));
  }

  /** Bytes of all calls for which the server has made room. */
  get sent(): number {
    return this.#session.socket?.bytesWritten ?? 0;
  }

  /** Opens a call of the method `name`, and says nothing yet. What comes back is read, or never. */
  call(name: string, reads: 'reads' | 'reads nothing' = 'reads'): RawCall {
    const call = new RawCall(
      this.#session.request({
        ':method': 'POST',
        ':path': `/latchkey.enforcement.v1.Enforcement/${name}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      }),
    );
    if (reads === 'reads') call.read();
    return call;
  }

  close(): void {
    this.#session.destroy();
  }
}

export class RawCall {
  /** gRPC's, once the server has told it. */
  status: number | undefined;
  /** Whether the server keeps nothing of this call any more. */
  closed = false;

  constructor(private readonly stream: ClientHttp2Stream) {
    const told = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) this.status = Number(headers['grpc-status']);
    };
    stream.on('response', told);
    stream.on('trailers', told);
    stream.on('error', () => undefined);
    stream.on('close', () => (this.closed = true));
  }

  read(): void {
    this.stream.resume();
  }

  /** Says that a message of `bytes` follows, and sends `part` of it, without an end. */
  begin(bytes: number, part: number): void {
    this.stream.write(headOf(bytes));
    this.stream.write(Buffer.alloc(part));
  }

  send(message: Buffer): void {
    this.stream.write(Buffer.concat([headOf(message.length), message]));
  }

  /** Ends the whole of it. */
  end(): void {
    this.stream.end();
  }
}

/** Not compressed, and so long. */
function headOf(bytes: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes, 1);
  return head;
}
