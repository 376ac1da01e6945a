import { Server, ServerCredentials, status, type ServiceError } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { enforcementProtocol } from '@latchkey/contracts/grpc';
import { eventually } from '@latchkey/testing';
import { everyCaller, UNRESTRICTED, type Callers, type CallerVerdict } from '../../application/callers';
import { refused } from '../../application/check-result';
import { answersOf, endOf, EnforcementClient } from '../../testing/enforcement-client';
import { HeldAccess } from '../../testing/held-access';
import { RawConnection } from '../../testing/raw-call';
import { settled } from '../../testing/settled';
import { GRPC_BOUNDS, type GrpcBounds } from './bounds';
import { GrpcCheckServer, type GrpcCheckServerOptions } from './grpc-check-server';

/** No bound at all: what each test must notice. */
const UNBOUNDED: GrpcBounds = {
  messageBytesMax: -1,
  callsMax: 2 ** 31 - 1,
  messageTimeoutMs: 2 ** 31 - 1,
  leaveMs: 2 ** 31 - 1,
  idleMs: 2 ** 31 - 1,
  underWayMax: Infinity,
};
const SOON_MS = 50;
const MEGABYTE = 1_000_000;
/** What HTTP/2 lets a caller send before anybody reads, and somewhat more for everything but the message. */
const WINDOW_BYTES = 70_000;

const unauthenticated: Callers = { admit: () => ({ verdict: 'unauthenticated' }) };

describe('the bounds of the check over gRPC', () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function serve(options: Partial<GrpcCheckServerOptions> = {}) {
    const access = new HeldAccess();
    const server = new GrpcCheckServer({
      ...{ access, callers: everyCaller, host: '127.0.0.1', port: 0, onError: () => {} },
      ...options,
    });
    const address = await server.start();
    closing.push(() => server.stop());
    return { ...clientsOf(address), access };
  }

  /** Who asks is looked at by the handler of the call, as gRPC servers have it, and a call has the time that it takes. */
  async function serveByHandlers() {
    const server = new Server({ 'grpc.max_receive_message_length': GRPC_BOUNDS.messageBytesMax });
    server.addService(enforcementProtocol, {
      Check: (_call: unknown, callback: (error: Partial<ServiceError>) => void) =>
        callback({ code: status.UNAUTHENTICATED }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
    });
    closing.push(() => server.forceShutdown());
    return clientsOf(`127.0.0.1:${port}`);
  }

  function clientsOf(address: string) {
    const [client, raw] = [new EnforcementClient(address), new RawConnection(address)];
    closing.push(() => client.close());
    closing.push(() => raw.close());
    return { client, raw };
  }

  const many = (count: number): CheckRequest[] => Array.from({ length: count }, () => ({ credential: '' }));
  const numbered = (checks: readonly CheckRequest[]) => checks.map((check, id) => ({ id, check }));

  describe('who may not ask', () => {
    it.each(['Check', 'BatchCheck', 'CheckStream'])('is told before it has sent anything (%s)', async (name) => {
      const call = (await serve({ callers: unauthenticated })).raw.call(name);
      await eventually(() => expect(call.status).toBe(status.UNAUTHENTICATED));
    });

    it('keeps nothing of the node, though its call never ends', async () => {
      const bounds = { ...GRPC_BOUNDS, leaveMs: SOON_MS };
      const nodes = [
        await serve({ callers: unauthenticated, bounds }),
        await serve({ callers: unauthenticated, bounds: UNBOUNDED }),
      ];
      const [left, kept] = nodes.map(({ raw }) => raw.call('Check'));
      await eventually(() => expect(left).toMatchObject({ status: status.UNAUTHENTICATED, closed: true }));
      expect(kept).toMatchObject({ status: status.UNAUTHENTICATED, closed: false });
    });

    it('would be told nothing, and fill the memory of the node, if the handler had to refuse it', async () => {
      const { raw } = await serveByHandlers();
      const call = raw.call('Check');
      call.begin(MEGABYTE, MEGABYTE / 2);
      await eventually(() => expect(raw.sent).toBeGreaterThan(MEGABYTE / 2));
      await settled();
      expect(call).toMatchObject({ status: undefined, closed: false });
    });

    it('has nothing read while it is asked about, and all of it once it is admitted', async () => {
      let admit: (verdict: CallerVerdict) => void = () => {};
      const callers: Callers = { admit: () => new Promise((resolve) => (admit = resolve)) };
      const { raw } = await serve({ callers });
      const call = raw.call('Check');
      call.begin(MEGABYTE, MEGABYTE);
      await eventually(() => expect(raw.sent).toBeGreaterThan(WINDOW_BYTES / 2));
      await settled();
      expect(raw.sent).toBeLessThan(WINDOW_BYTES);
      admit(UNRESTRICTED);
      await eventually(() => expect(raw.sent).toBeGreaterThan(MEGABYTE));
      call.end();
      await eventually(() => expect(call.status).toBe(status.INVALID_ARGUMENT));
    });
  });

  it('a call whose message does not come in time ends, and leaves nothing', async () => {
    const bounds = { ...GRPC_BOUNDS, messageTimeoutMs: SOON_MS, leaveMs: SOON_MS };
    const nodes = [await serve({ bounds }), await serve({ bounds: UNBOUNDED })];
    const [ended, endless] = nodes.map(({ raw }) => {
      const call = raw.call('Check');
      call.begin(MEGABYTE, MEGABYTE / 2);
      return call;
    });
    await eventually(() => expect(ended).toMatchObject({ status: status.DEADLINE_EXCEEDED, closed: true }));
    expect(endless).toMatchObject({ status: undefined, closed: false });
  });

  it('the time for the message is none for the answer, nor for a stream', async () => {
    const { client, raw, access } = await serve({ bounds: { ...GRPC_BOUNDS, messageTimeoutMs: SOON_MS } });
    const stream = raw.call('CheckStream');
    const answered = client.check({ credential: '' });
    await eventually(() => expect(access.asked).toHaveLength(1));
    const late = raw.call('Check');
    await eventually(() => expect(late.status).toBe(status.DEADLINE_EXCEEDED));
    access.answerAll();
    expect(await answered).toMatchObject({ reason: 'unknown' });
    expect(stream).toMatchObject({ status: undefined, closed: false });
  });

  it('a connection without calls is closed, one with a stream is not', async () => {
    const bounds = { ...GRPC_BOUNDS, idleMs: SOON_MS };
    const [idle, used, unbounded] = [
      await serve({ bounds }),
      await serve({ bounds }),
      await serve({ bounds: UNBOUNDED }),
    ];
    const stream = used.raw.call('CheckStream');
    await eventually(() => expect(idle.raw.closed).toBe(true));
    expect([used.raw.closed, stream.closed, unbounded.raw.closed]).toEqual([false, false, false]);
  });

  it('a message that is too long is refused by its first bytes', async () => {
    const bounds = { ...GRPC_BOUNDS, messageBytesMax: 10_000 };
    const nodes = [await serve({ bounds }), await serve({ bounds: UNBOUNDED })];
    const [refused, awaited] = nodes.map(({ raw }) => {
      const call = raw.call('Check');
      call.begin(10_001, 0);
      return call;
    });
    await eventually(() => expect(refused?.status).toBe(status.RESOURCE_EXHAUSTED));
    expect(awaited?.status).toBeUndefined();
  });

  it('takes so many calls at once on a connection, and more when one of them ends', async () => {
    const asked = GRPC_BOUNDS.callsMax + 10;
    const bounded = await serve();
    const calls = many(asked).map((check) => bounded.client.check(check));
    await eventually(() => expect(bounded.access.asked).toHaveLength(GRPC_BOUNDS.callsMax));
    await settled();
    expect(bounded.access.asked).toHaveLength(GRPC_BOUNDS.callsMax);
    bounded.access.answerAll();
    await eventually(() => expect(bounded.access.asked).toHaveLength(asked));
    bounded.access.answerAll();
    expect(await Promise.all(calls)).toHaveLength(asked);

    const unbounded = await serve({ bounds: UNBOUNDED });
    const more = many(asked).map((check) => unbounded.client.check(check));
    await eventually(() => expect(unbounded.access.asked).toHaveLength(asked));
    unbounded.access.answerAll();
    await Promise.all(more);
  });

  const { underWayMax } = GRPC_BOUNDS;

  it('reads no further on a stream while its checks are not answered, and goes on when they are', async () => {
    const { client, access } = await serve();
    const call = client.stream();
    const answers = answersOf(call);
    const ended = endOf(call);
    for (const check of numbered(many(3 * underWayMax))) call.write({ checks: [check] });
    call.end();
    await eventually(() => expect(access.asked.length).toBeGreaterThanOrEqual(underWayMax));
    await settled();
    expect(access.asked).toHaveLength(underWayMax);
    await eventually(() => {
      access.answerAll();
      expect(answers.size).toBe(3 * underWayMax);
    });
    expect(await ended).toMatchObject({ code: status.OK });
  });

  it('would read all of a stream without that bound', async () => {
    const { client, access } = await serve({ bounds: UNBOUNDED });
    const call = client.stream();
    for (const check of numbered(many(3 * underWayMax))) call.write({ checks: [check] });
    await eventually(() => expect(access.asked).toHaveLength(3 * underWayMax));
    call.cancel();
    await endOf(call);
  });

  describe('a caller that does not read its answers', () => {
    const ASKED = 20 * underWayMax;
    const MESSAGE_CHECKS = 100;
    const ANSWER_BYTES = 2_000;
    const answer: CheckResult = { ...refused('unknown', 0, 'owner'), headers: { 'X-Large': 'x'.repeat(ANSWER_BYTES) } };

    async function unread(bounds: GrpcBounds) {
      const decided = { count: 0 };
      const access = { checkFor: async () => ((decided.count += 1), answer) };
      const { raw } = await serve({ access, bounds });
      const call = raw.call('CheckStream', 'reads nothing');
      const message = enforcementProtocol.CheckStream.requestSerialize({ checks: numbered(many(MESSAGE_CHECKS)) });
      for (let from = 0; from < ASKED; from += MESSAGE_CHECKS) call.send(message);
      return { call, decided };
    }

    it('has so many checks decided as its window has room for answers, a thousand, and the rest of a message', async () => {
      const { call, decided } = await unread(GRPC_BOUNDS);
      await eventually(() => expect(decided.count).toBeGreaterThanOrEqual(underWayMax));
      await settled();
      expect(decided.count).toBeLessThan(underWayMax + MESSAGE_CHECKS + WINDOW_BYTES / ANSWER_BYTES);
      call.read();
      await eventually(() => expect(decided.count).toBe(ASKED));
    });

    it('would have all of them decided, and kept by the node, without the bound', async () => {
      const { decided } = await unread(UNBOUNDED);
      await eventually(() => expect(decided.count).toBe(ASKED));
    });
  });
});
