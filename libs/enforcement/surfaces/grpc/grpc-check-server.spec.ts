import { logVerbosity, Metadata, setLogVerbosity, status } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import type { NumberedAnswer } from '@latchkey/contracts/grpc';
import { createLogger, createService } from '@latchkey/platform';
import { eventually } from '@latchkey/testing';
import { everyCaller, UNRESTRICTED, type Callers, type CallerVerdict } from '../../application/callers';
import { createCheckAccess, EnforcementModule } from '../../enforcement.module';
import { answersOf, endOf, EnforcementClient } from '../../testing/enforcement-client';
import { HeldAccess } from '../../testing/held-access';
import { liveWorkspace, newSecret, resolverOf } from '../../testing/keys';
import { settled } from '../../testing/settled';
import { GrpcCheckServer, type GrpcCheckServerOptions } from './grpc-check-server';

const SECRET = newSecret();
const newAccess = () =>
  createCheckAccess({
    liveAccess: liveWorkspace({ allowedIps: ['203.0.113.0/24'], assets: ['example.com'] }),
    resolver: resolverOf(SECRET),
    decisions: { count: () => {} },
    onError: () => {},
  });

/** Says of everybody what it was told to say. */
class ChangingCallers implements Callers {
  asked = 0;
  verdict: CallerVerdict = UNRESTRICTED;

  admit(): Promise<CallerVerdict> {
    this.asked += 1;
    return Promise.resolve(this.verdict);
  }
}

describe('the check over gRPC', () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function serve(options: Partial<GrpcCheckServerOptions> = {}) {
    const errors: unknown[] = [];
    const server = new GrpcCheckServer({
      access: newAccess(),
      host: '127.0.0.1',
      port: 0,
      callers: everyCaller,
      onError: (error) => errors.push(error),
      ...options,
    });
    const address = await server.start();
    closing.push(() => server.stop());
    const client = new EnforcementClient(address);
    closing.push(() => client.close());
    return { server, address, client, errors };
  }

  const many = (count: number): CheckRequest[] => Array.from({ length: count }, () => ({ credential: '' }));
  const numbered = (checks: readonly CheckRequest[]) => checks.map((check, id) => ({ id, check }));
  const resultsOf = (answers: ReadonlyMap<number, NumberedAnswer>, count: number) =>
    Array.from({ length: count }, (_, id) => {
      const answer = answers.get(id);
      return answer && 'result' in answer ? answer.result : answer?.error;
    });

  const good = { credential: SECRET, ip: '203.0.113.9', asset: 'example.com' };
  const requests: CheckRequest[] = [
    { ...good, scopes: ['read:assets'], action: 'list', method: 'GET', path: '/api/assets' },
    { ...good, asset: 'example.org' },
    { ...good, asset: '' },
    { credential: SECRET, ip: '203.0.113.9', own_assets: true },
    { credential: SECRET, ip: '203.0.113.9' },
    { credential: SECRET, ip: '198.51.100.1' },
    { credential: SECRET, ip: '' },
    { credential: SECRET },
    { ...good, scopes: ['admin'] },
    { ...good, scopes: ['no such scope'] },
    { ...good, cost: 99 },
    { ...good, cost: 2 },
    { ...good, cost: 0 },
    { credential: '' },
    { credential: newSecret() },
    { credential: 'ключ 🔑' },
  ];

  it('decides as HTTP does, whichever way it is asked', async () => {
    const http = await createService({
      name: 'enforcement',
      module: EnforcementModule.register({ access: newAccess(), callers: everyCaller }),
      config: { host: '127.0.0.1', port: 0 },
      logger: createLogger({ service: 'enforcement', level: 'silent' }),
    });
    closing.push(() => http.stop());
    const overHttp: CheckResult[] = [];
    for (const payload of requests) {
      overHttp.push((await http.fastify.inject({ method: 'POST', url: '/v1/check', payload })).json<CheckResult>());
    }
    expect(overHttp.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([null, 'asset_not_allowed', 'ip_not_allowed', 'scope_missing', 'rate_limited', 'unknown']),
    );

    const unary: CheckResult[] = [];
    const { client } = await serve();
    for (const request of requests) unary.push(await client.check(request));
    expect(timeless(unary)).toEqual(timeless(overHttp));

    const batch = await (await serve()).client.batch(requests);
    expect(timeless(batch.results)).toEqual(timeless(overHttp));

    const streamed = await (await serve()).client.streamed(numbered(requests));
    expect(timeless(resultsOf(streamed, requests.length) as CheckResult[])).toEqual(timeless(overHttp));
  });

  /** A check that nobody had to be asked about has the time of this process. */
  const timeless = (results: readonly CheckResult[]) => results.map((result) => ({ ...result, checked_at: '' }));

  const bad: [string, CheckRequest, string][] = [
    ['a credential of 16 KB and more', { credential: 'x'.repeat(16_385) }, 'credential'],
    ['too high a cost', { credential: SECRET, cost: 1_001 }, 'cost'],
    ['too many scopes', { credential: SECRET, scopes: Array.from({ length: 51 }, () => 'a') }, 'scopes'],
    ['an empty scope', { credential: SECRET, scopes: ['a', ''] }, 'scopes.1'],
    ['too long an asset', { credential: SECRET, asset: 'a'.repeat(501) }, 'asset'],
    ['too long a path', { credential: SECRET, path: 'a'.repeat(2_001) }, 'path'],
  ];

  it.each(bad)('refuses %s, and names the field', async (_, request, field) => {
    const { client, errors } = await serve();
    const complaint: unknown = expect.stringContaining(`"${field}" must`);
    const refusal = { code: status.INVALID_ARGUMENT, details: complaint };
    await expect(client.check(request)).rejects.toMatchObject(refusal);
    const inBatch: unknown = expect.stringContaining(`"checks.1.${field}" must`);
    await expect(client.batch([good, request])).rejects.toMatchObject({ ...refusal, details: inBatch });
    const [refused, answered] = resultsOf(await client.streamed(numbered([request, good])), 2);
    expect(refused).toEqual({ code: status.INVALID_ARGUMENT, message: complaint });
    expect(answered).toMatchObject({ allowed: true });
    expect(errors).toEqual([]);
  });

  it('takes a batch of a hundred and refuses one more, and an empty one', async () => {
    const { client } = await serve();
    expect((await client.batch(many(100))).results).toHaveLength(100);
    await expect(client.batch(many(101))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(client.batch([])).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('refuses what is no message, one that is too long, and a check that is missing', async () => {
    const { client } = await serve();
    const raw = (bytes: Buffer) =>
      new Promise((_, reject) =>
        client.client.makeUnaryRequest(
          '/latchkey.enforcement.v1.Enforcement/Check',
          (message: Buffer) => message,
          () => undefined,
          bytes,
          reject,
        ),
      );
    await expect(raw(Buffer.from([0x0a, 0xff]))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(raw(Buffer.alloc(1_048_577))).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    await expect(client.streamed(numbered(many(101)))).rejects.toThrow('at most 100');
    const answers = await client.streamed([{ id: 7, check: null }]);
    expect(answers.get(7)).toMatchObject({ error: { code: status.INVALID_ARGUMENT } });
  });

  it('tells nobody the text of a failure of its own', async () => {
    const failure = new Error('password of the database is hunter2');
    const { client, errors } = await serve({ access: { checkFor: () => Promise.reject(failure) } });
    const failed: unknown = await client.check(good).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: status.INTERNAL, details: 'failed' });
    const streamed = resultsOf(await client.streamed(numbered([good])), 1);
    expect(streamed).toEqual([{ code: status.INTERNAL, message: 'failed' }]);
    expect(errors).toEqual([failure, failure]);
  });

  it.each([
    ['unauthenticated', status.UNAUTHENTICATED],
    ['forbidden', status.PERMISSION_DENIED],
    ['unavailable', status.UNAVAILABLE],
  ] as const)('does not answer a caller who is %s', async (verdict, code) => {
    const access = new HeldAccess();
    const { client } = await serve({ access, callers: { admit: () => ({ verdict }) } });
    await expect(client.check(good)).rejects.toMatchObject({ code });
    await expect(client.batch([good])).rejects.toMatchObject({ code });
    expect(await endOf(client.stream())).toMatchObject({ code });
    expect(access.asked).toEqual([]);
  });

  it('tells a caller whose token is no good that it is about its own', async () => {
    const { client } = await serve({ callers: { admit: () => ({ verdict: 'unauthenticated' }) } });
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer x');
    await expect(client.check(good, metadata)).rejects.toMatchObject({
      details: expect.stringContaining("caller's own token was not accepted") as string,
    });
    await expect(client.check(good)).rejects.toMatchObject({ details: expect.stringContaining('must show') as string });
  });

  it('tells that nobody can say who asks, when the question fails', async () => {
    const failure = new Error('password of the database is hunter2');
    const { client, errors } = await serve({ callers: { admit: () => Promise.reject(failure) } });
    await expect(client.check(good)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(errors).toEqual([failure]);
  });

  it('asks who calls by what the call shows', async () => {
    const shown: unknown[] = [];
    const callers: Callers = {
      admit: (caller) => {
        shown.push({ authorization: caller.authorization, certificate: caller.certificate, ip: caller.ip });
        return everyCaller.admit(caller);
      },
    };
    const { client } = await serve({ callers });
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer x');
    await client.check(good, metadata);
    await client.check(good);
    expect(shown).toEqual([
      { authorization: 'Bearer x', certificate: null, ip: '127.0.0.1' },
      { authorization: undefined, certificate: null, ip: '127.0.0.1' },
    ]);
  });

  it('ends a stream whose caller may no longer ask, without answering what it asked since', async () => {
    const callers = new ChangingCallers();
    const { client } = await serve({ callers });
    const call = client.stream();
    const answers = answersOf(call);
    const ended = endOf(call);
    call.write({ checks: [{ id: 1, check: good }] });
    await eventually(() => expect(answers.has(1)).toBe(true));
    callers.verdict = { verdict: 'unauthenticated' };
    call.write({ checks: [{ id: 2, check: good }] });
    expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED });
    expect([...answers.keys()]).toEqual([1]);
  });

  it('keeps a stream while nobody can tell who asks, and decides nothing', async () => {
    const callers = new ChangingCallers();
    const { client } = await serve({ callers });
    const call = client.stream();
    const answers = answersOf(call);
    const ended = endOf(call);
    await eventually(() => expect(callers.asked).toBe(1));
    callers.verdict = { verdict: 'unavailable' };
    call.write({ checks: [{ id: 1, check: good }] });
    await eventually(() => expect(answers.get(1)).toMatchObject({ error: { code: status.UNAVAILABLE } }));
    callers.verdict = UNRESTRICTED;
    call.write({ checks: [{ id: 2, check: good }] });
    await eventually(() => expect(answers.get(2)).toMatchObject({ result: { allowed: true } }));
    call.end();
    expect(await ended).toMatchObject({ code: status.OK });
  });

  it('asks about the caller when a stream opens, and once for all checks that arrive together', async () => {
    const callers = new ChangingCallers();
    const { client } = await serve({ callers });
    expect((await client.streamed(numbered(many(100)))).size).toBe(100);
    expect(callers.asked).toBeLessThanOrEqual(2);
  });

  it('a stop answers every check that was read, and then ends the stream', async () => {
    const access = new HeldAccess();
    const { server, client } = await serve({ access });
    const call = client.stream();
    const answers = answersOf(call);
    const ended = endOf(call);
    call.write({ checks: numbered(many(50)) });
    await eventually(() => expect(access.asked).toHaveLength(50));
    const unary = client.check(good);
    await eventually(() => expect(access.asked).toHaveLength(51));
    const stopped = server.stop();
    call.write({ checks: [{ id: 51, check: good }] });
    await settled();
    access.answerAll();
    expect(await ended).toMatchObject({ code: status.OK });
    expect(answers.size).toBe(50);
    expect(await unary).toMatchObject({ reason: 'unknown' });
    await stopped;
    expect(access.asked).toHaveLength(51);
  });

  it('names the variable when its port is taken', async () => {
    const { address } = await serve();
    setLogVerbosity(logVerbosity.NONE);
    const second = serve({ port: Number(address.split(':').at(-1)) });
    await expect(second).rejects.toThrow('GRPC_PORT');
  });
});
