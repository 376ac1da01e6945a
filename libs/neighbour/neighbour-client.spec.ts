import {
  Server,
  ServerCredentials,
  status,
  type ServiceError,
  type MethodDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { AppError } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { NeighbourClient, type NeighbourCall } from './neighbour-client';

const same = (bytes: Buffer) => bytes;
const method: MethodDefinition<Buffer, Buffer> = {
  path: '/neighbour/Ask',
  requestStream: false,
  responseStream: false,
  ...{ requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
};

type Answer = (callback: sendUnaryData<Buffer>) => void;

describe('a neighbour', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0).reverse()) close();
  });

  /** @param port 0: any free one */
  async function serve(answer: Answer, port = 0) {
    const server = new Server();
    server.addService({ ask: method }, { ask: (_: unknown, callback: sendUnaryData<Buffer>) => answer(callback) });
    const bound = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, taken) =>
        error ? reject(error) : resolve(taken),
      ),
    );
    closing.push(() => server.forceShutdown());
    return { address: `127.0.0.1:${bound}`, port: bound, stop: () => server.forceShutdown() };
  }
  const saying =
    (name: string): Answer =>
    (callback) =>
      callback(null, Buffer.from(name));

  function connect(...addresses: string[]) {
    const client = new NeighbourClient({ service: 'neighbour', addresses });
    closing.push(() => client.close());
    const ask = async (call: Partial<NeighbourCall> = {}) =>
      (await client.ask(method, Buffer.from('?'), { deadlineMs: 5_000, ...call })).toString();
    return { client, ask };
  }
  const failureOf = (call: Promise<unknown>) =>
    call.catch(({ code, message, cause }: AppError) => [code, message, (cause as ServiceError).code]);
  const unavailable = ['service.unavailable', 'neighbour did not answer /neighbour/Ask'];
  const nobody = '127.0.0.1:1';

  it('answers', async () => {
    const { address } = await serve(saying('!'));
    expect(await connect(address).ask()).toBe('!');
  });

  it('is unavailable when it refuses, and the cause says why', async () => {
    const { address } = await serve((callback) => callback({ code: status.INTERNAL }));
    expect(await failureOf(connect(address).ask())).toEqual([...unavailable, status.INTERNAL]);
  });

  it('is unavailable when it has not answered by the deadline', async () => {
    const { address } = await serve(() => undefined);
    expect(await failureOf(connect(address).ask({ deadlineMs: 50 }))).toEqual([
      ...unavailable,
      status.DEADLINE_EXCEEDED,
    ]);
  });

  it('is waited for where the caller wants to', async () => {
    const { ask } = connect(nobody);
    const call = (waitForReady: boolean) => failureOf(ask({ deadlineMs: 200, waitForReady }));
    expect(await call(false)).toEqual([...unavailable, status.UNAVAILABLE]);
    expect(await call(true)).toEqual([...unavailable, status.DEADLINE_EXCEEDED]);
  });

  it('has an address at least', () => expect(() => connect()).toThrow('at least one process'));

  describe('of several processes', () => {
    const answers = async (ask: () => Promise<string>) => [await ask(), await ask(), await ask(), await ask()].sort();

    it('is asked at each in turn', async () => {
      const [one, other] = [await serve(saying('one')), await serve(saying('other'))];
      const { ask } = connect(one.address, other.address);
      await eventually(async () => expect(await answers(ask)).toEqual(['one', 'one', 'other', 'other']));
    });

    it('answers as long as one of them can be reached, and takes back who returns', async () => {
      const [one, other] = [await serve(saying('one')), await serve(saying('other'))];
      const { ask } = connect(one.address, other.address);
      await answers(ask);
      one.stop();
      await eventually(async () => expect(await answers(ask)).toEqual(Array(4).fill('other')));
      await serve(saying('one'), one.port);
      await eventually(async () => expect(await answers(ask)).toEqual(['one', 'one', 'other', 'other']));
    });

    it('is ready when one of them is', async () => {
      const { address } = await serve(saying('one'));
      await expect(connect(nobody, address).client.ready(1_000)).resolves.toBeUndefined();
      await expect(connect(nobody, nobody).client.ready(200)).rejects.toMatchObject({ code: 'service.unavailable' });
    });
  });
});
