import { status } from '@grpc/grpc-js';
import type { CheckResult } from '@latchkey/contracts';
import type { StreamCheckRequest } from '@latchkey/contracts/grpc';
import { describeCheckClient } from './check-client.contract';
import { GrpcCheckClient, type GrpcCheckClientOptions } from './grpc-check-client';
import { allowed } from './testing/check-results';
import { answeringStreams, grpcNode, type NodeCall } from './testing/grpc-node';

describeCheckClient('gRPC', {
  node: (answer, address) => grpcNode(answeringStreams(answer), address),
  client: (addresses, options) => new GrpcCheckClient(addresses, options),
});

describe('the check over one stream', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const node = async (onStream: (call: NodeCall) => void) => {
    const { address, stop } = await grpcNode(onStream);
    closing.push(stop);
    return address;
  };
  const client = (addresses: readonly string[], options?: GrpcCheckClientOptions) => {
    const made = new GrpcCheckClient(addresses, options);
    closing.push(() => made.close());
    return made;
  };
  const answerAll = answeringStreams(() => Promise.resolve(allowed));
  const request = { credential: 'x' };
  const unavailable = { code: 'auth.unavailable' };

  it('asks everything over one stream, and what is asked together in one message', async () => {
    let streams = 0;
    const messages: number[] = [];
    const only = client([
      await node((call) => {
        streams += 1;
        call.on('data', ({ checks }: StreamCheckRequest) => messages.push(checks.length));
        answerAll(call);
      }),
    ]);
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(Array.from({ length: 250 }, () => only.check(request)));
    }
    expect(streams).toBe(1);
    expect(messages).toEqual([100, 100, 50, 100, 100, 50]);
  });

  it('gives each check its own answer, in whatever order they come', async () => {
    const held: (() => void)[] = [];
    const answer = ({ credential }: { credential: string }) =>
      new Promise<CheckResult>((resolve) => {
        held.push(() => resolve({ ...allowed, headers: { 'X-Was': credential } }));
        if (held.length === 20) for (const release of held.reverse()) release();
      });
    const only = client([await node(answeringStreams(answer))]);
    const asked = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const answers = await Promise.all(asked.map((credential) => only.check({ credential })));
    expect(answers.map(({ headers }) => headers['X-Was'])).toEqual(asked);
  });

  it('shows its token when a stream is opened, and the newest one when the node no longer takes the old', async () => {
    let token = 'first';
    const shown: unknown[] = [];
    const only = client(
      [
        await node((call) => {
          const [authorization] = call.metadata.get('authorization');
          shown.push(authorization);
          call.on('data', ({ checks }: StreamCheckRequest) => {
            if (authorization !== `Bearer ${token}`) call.emit('error', { code: status.UNAUTHENTICATED, details: '' });
            else call.write({ answers: checks.map(({ id }) => ({ id, result: allowed })) });
          });
        }),
      ],
      { token: () => token },
    );
    expect(await only.check(request)).toEqual(allowed);
    token = 'second';
    expect(await only.check(request)).toEqual(allowed);
    expect(shown).toEqual(['Bearer first', 'Bearer second']);
  });

  it('asks elsewhere what a node left without an answer when it ended its stream', async () => {
    const stopping = await node((call) => {
      call.on('data', ({ checks: [first] }: StreamCheckRequest) => {
        if (first) call.write({ answers: [{ id: first.id, result: allowed }] });
        call.end();
      });
    });
    const both = client([stopping, await node(answerAll)]);
    const answers = await Promise.all(Array.from({ length: 40 }, () => both.check(request)));
    expect(answers).toEqual(answers.map(() => allowed));
  });

  it('does not keep a node busy with streams that it refuses', async () => {
    let streams = 0;
    const refusing = await node((call) => {
      streams += 1;
      call.emit('error', { code: status.PERMISSION_DENIED, details: '' });
    });
    const both = client([refusing, await node(answerAll)]);
    for (let call = 0; call < 200; call += 1) expect(await both.check(request)).toEqual(allowed);
    expect(streams).toBeLessThan(50);
  });

  it('gives up a stream that has fallen silent', async () => {
    let givenUp = () => {};
    const cancelled = new Promise<void>((resolve) => (givenUp = resolve));
    const silent = await node((call) => void call.resume().on('cancelled', givenUp));
    const both = client([silent, await node(answerAll)], { timeoutMs: 200 });
    expect(await both.check(request)).toEqual(allowed);
    await cancelled;
  });

  it('has no more checks under way than its bound', async () => {
    const release: (() => void)[] = [];
    const held = () => new Promise<CheckResult>((resolve) => release.push(() => resolve(allowed)));
    const only = client([await node(answeringStreams(held))], { inFlightMax: 2 });
    const first = [only.check(request), only.check(request)];
    await expect(only.check(request)).rejects.toMatchObject(unavailable);
    while (release.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of release) answer();
    expect(await Promise.all(first)).toEqual([allowed, allowed]);
  });

  it('refuses what is in hand when it is closed, and everything after', async () => {
    const only = client([await node((call) => void call.resume())], { timeoutMs: 60_000 });
    const inHand = only.check(request);
    only.close();
    await expect(inHand).rejects.toMatchObject(unavailable);
    await expect(only.check(request)).rejects.toMatchObject(unavailable);
  });
});
