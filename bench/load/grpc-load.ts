import { Client, credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import type { Load } from '../contender';
import type { Measured } from '../statistics';
import { closedLoop, takingTurns } from './closed-loop';
import { UnaryConnection } from './unary-connection';
import { eachInner, inner, isAllowed, numberedAnswer } from './wire';

/** A server of `enforcement.proto`. */
export interface GrpcTarget {
  /** `host:port`. */
  readonly address: string;
  /** `CheckRequest`s as bytes, sent one after another. */
  readonly checks: readonly Uint8Array[];
}

const METHOD = '/latchkey.enforcement.v1.Enforcement';
const CHECKS_PER_BATCH = 100;
/** So many of them ask for as many checks at a time as the callers of one check do together. */
const CALLERS_PER_BATCH = 16;

/** One check a call, all callers on one connection. */
export async function unaryLoad({ address, checks }: GrpcTarget, load: Load): Promise<Measured> {
  const connection = await UnaryConnection.open(address, `${METHOD}/Check`);
  const nextCheck = takingTurns(checks);
  try {
    return await closedLoop(load, async () => {
      if (!isAllowed(await connection.call(nextCheck()))) throw new Error('a check was not allowed');
    });
  } finally {
    connection.close();
  }
}

/** A hundred checks a call. */
export async function batchLoad({ address, checks }: GrpcTarget, load: Load): Promise<Measured> {
  const client = new Client(address, credentials.createInsecure());
  const nextBatch = takingTurns(batchesOf(checks));
  const concurrency = Math.max(1, Math.round(load.concurrency / CALLERS_PER_BATCH));
  const call = async () => {
    const answer = await unary(client, `${METHOD}/BatchCheck`, nextBatch());
    let allowed = 0;
    eachInner(answer, (at) => (allowed += isAllowed(answer, at) ? 1 : 0));
    if (allowed !== CHECKS_PER_BATCH) throw new Error(`${allowed} checks of a batch were allowed`);
  };
  try {
    return await closedLoop({ ...load, concurrency }, call, CHECKS_PER_BATCH);
  } finally {
    client.close();
  }
}

function batchesOf(checks: readonly Uint8Array[]): readonly Buffer[] {
  const next = takingTurns(checks);
  const batch = () => Buffer.concat(Array.from({ length: CHECKS_PER_BATCH }, () => inner(1, next())));
  return Array.from({ length: Math.ceil(checks.length / CHECKS_PER_BATCH) }, batch);
}

const asBytes = (bytes: Buffer): Buffer => bytes;

const unary = (client: Client, path: string, message: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asBytes, asBytes, message, (error, answer) =>
      answer === undefined ? reject(error ?? new Error('no answer')) : resolve(answer),
    );
  });

/** All callers over one stream; what they ask in one turn of the event loop goes in one message, as the guard sends it. */
export async function streamLoad({ address, checks }: GrpcTarget, load: Load): Promise<Measured> {
  const client = new Client(address, credentials.createInsecure());
  const stream = new CheckStream(client, checks);
  try {
    return await closedLoop(load, (caller) => stream.check(caller));
  } finally {
    stream.close();
    client.close();
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Checks that were decided together come together, so that what follows them goes together too. */
class CheckStream {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #nextCheck: () => Uint8Array;
  /** By the number of the caller, which is the id of its check. */
  readonly #waiting = new Map<number, Waiting>();
  #together: Buffer[] = [];

  constructor(client: Client, checks: readonly Uint8Array[]) {
    this.#nextCheck = takingTurns(checks);
    this.#stream = client.makeBidiStreamRequest(`${METHOD}/CheckStream`, asBytes, asBytes);
    this.#stream.on('data', (answers: Buffer) => this.#take(answers));
    this.#stream.on('error', (error) => this.#fail(error));
    this.#stream.on('end', () => this.#fail(new Error('the stream ended')));
  }

  check(caller: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(caller, { resolve, reject });
      if (this.#together.push(numbered(caller, this.#nextCheck())) === 1) setImmediate(() => this.#send());
    });
  }

  close(): void {
    this.#waiting.clear();
    this.#stream.cancel();
  }

  #send(): void {
    const message = Buffer.concat(this.#together);
    this.#together = [];
    this.#stream.write(message);
  }

  #take(answers: Buffer): void {
    eachInner(answers, (at) => {
      const { id, allowed } = numberedAnswer(answers, at);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (allowed) waiting?.resolve();
      else waiting?.reject(new Error('a check was not allowed'));
    });
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Callers are few, so their numbers have one byte. */
function numbered(caller: number, check: Uint8Array): Buffer {
  if (caller > 127) throw new Error('more callers than a byte can number');
  return inner(1, Buffer.concat([Buffer.from([0x08, caller]), inner(2, check)]));
}
