import { Writable } from 'node:stream';
import { Metadata, Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import { logGrpc } from './grpc-log';
import { createLogger } from './logger';

describe('what grpc-js says', () => {
  let logged: string[];
  const logAt = (level: string) => {
    logged = [];
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged.push(chunk.toString());
        done();
      },
    });
    logGrpc(createLogger({ service: 'test', level, destination }));
  };
  afterAll(() => setLogger(console));

  const bind = (server: Server, port: number) =>
    new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), done);
    });

  it('of a port that is taken is no line of its own, as the start is refused for it', async () => {
    logAt('info');
    const [first, second] = [new Server(), new Server()];
    const port = await bind(first, 0);
    await expect(bind(second, port)).rejects.toThrow('EADDRINUSE');
    first.forceShutdown();
    second.forceShutdown();
    expect(logged).toEqual([]);
  });

  it('of a header that it cannot take never holds the value, and is for debugging only', () => {
    const taken = () => Metadata.fromHttp2Headers({ authorization: 'Bearer hunter2\u0007' });
    logAt('info');
    taken();
    expect(logged).toEqual([]);
    logAt('debug');
    taken();
    expect(logged).toEqual([expect.stringContaining('Failed to add metadata entry authorization"')]);
    expect(logged.join()).not.toContain('hunter2');
  });
});
