import {
  Server,
  ServerCredentials,
  status,
  type ServiceError,
  type MethodDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { AppError } from '@latchkey/kernel';
import { NeighbourClient } from './neighbour-client';

const same = (bytes: Buffer) => bytes;
const method: MethodDefinition<Buffer, Buffer> = {
  path: '/neighbour/Ask',
  requestStream: false,
  responseStream: false,
  ...{ requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
};

describe('a neighbour', () => {
  let server: Server;
  let client: NeighbourClient;
  let answer: (callback: sendUnaryData<Buffer>) => void;
  let port: number;
  beforeAll(async () => {
    server = new Server();
    server.addService({ ask: method }, { ask: (_: unknown, callback: sendUnaryData<Buffer>) => answer(callback) });
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    client = new NeighbourClient('neighbour', `127.0.0.1:${port}`);
  });
  afterAll(() => {
    client.close();
    server.forceShutdown();
  });

  const ask = (deadlineMs = 5_000) => client.ask(method, Buffer.from('?'), { deadlineMs });
  const failureOf = (call: Promise<unknown>) =>
    call.catch(({ code, message, cause }: AppError) => [code, message, (cause as ServiceError).code]);
  const unavailable = ['service.unavailable', 'neighbour did not answer /neighbour/Ask'];

  it('answers', async () => {
    answer = (callback) => callback(null, Buffer.from('!'));
    expect((await ask()).toString()).toBe('!');
  });

  it('is unavailable when it refuses, and the cause says why', async () => {
    answer = (callback) => callback({ code: status.INTERNAL });
    expect(await failureOf(ask())).toEqual([...unavailable, status.INTERNAL]);
  });

  it('is unavailable when it has not answered by the deadline', async () => {
    answer = () => undefined;
    expect(await failureOf(ask(50))).toEqual([...unavailable, status.DEADLINE_EXCEEDED]);
  });

  it('is waited for where the caller wants to', async () => {
    const nobody = new NeighbourClient('neighbour', '127.0.0.1:1');
    const call = (waitForReady: boolean) => nobody.ask(method, Buffer.from('?'), { deadlineMs: 200, waitForReady });
    expect(await failureOf(call(false))).toEqual([...unavailable, status.UNAVAILABLE]);
    expect(await failureOf(call(true))).toEqual([...unavailable, status.DEADLINE_EXCEEDED]);
    nobody.close();
  });
});
