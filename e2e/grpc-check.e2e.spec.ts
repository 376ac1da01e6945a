import { GrpcCheckClient, type CheckResult } from '@latchkey/guard';
import { eventually } from '@latchkey/testing';
import { GrpcCaller, type GrpcResult } from './harness/grpc';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

describe.each(WAYS_OF_RUNNING)('the check over gRPC on %s', (way) => {
  let tester: Tester;
  const closing: (() => void)[] = [];
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e' }));
  }, 120_000);
  afterEach(() => closing.splice(0).forEach((close) => close()));
  afterAll(() => tester?.system.stop(), 60_000);

  const guard = (addresses = tester.system.enforcementGrpc) => {
    const client = new GrpcCheckClient(addresses);
    closing.push(() => client.close());
    return client;
  };
  const unlimited = () => tester.createS4eKey({ scopes: ['read:assets'], plan: 'unlimited' });
  const decision = ({ allowed, reason, status, principal, limits }: CheckResult | GrpcResult) => ({
    allowed,
    reason: reason ?? null,
    status,
    principal: principal?.id,
    limits: limits.map(({ name, limit }) => ({ name, limit })),
  });

  it('every node decides as over HTTP, whether it is asked for one, a batch, or over a stream', async () => {
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'] });
    const checks = [
      { credential: key, scopes: ['read:assets'] },
      { credential: key, scopes: ['write:assets'] },
    ];
    for (const [index, address] of tester.system.enforcementGrpc.entries()) {
      const expected: object[] = [];
      for (const { credential, scopes } of checks) {
        const answer = await tester.checkAt(tester.system.enforcementUrls[index] ?? '', credential, { scopes });
        expected.push(decision(answer.json<CheckResult>()));
      }
      const client = new GrpcCaller(address);
      closing.push(() => client.close());
      const stream = guard([address]);
      expect((await Promise.all(checks.map((check) => client.check(check)))).map(decision)).toEqual(expected);
      expect((await client.batch(checks)).map(decision)).toEqual(expected);
      expect((await Promise.all(checks.map((check) => stream.check(check)))).map(decision)).toEqual(expected);
    }
  });

  it('a revoked key is refused over streams that have let it pass, from the moment the revoke has answered', async () => {
    const { id, key } = await unlimited();
    const nodes = tester.system.enforcementGrpc.map((address) => guard([address]));
    const reasons = async () =>
      (await Promise.all(nodes.map((node) => node.check({ credential: key })))).map(({ reason }) => reason);
    expect(await reasons()).toEqual(nodes.map(() => null));
    expect((await tester.asAdmin('DELETE', `/api/keys/${id}`)).status).toBe(200);
    expect(await reasons()).toEqual(nodes.map(() => 'revoked'));
  });

  if (way === 'cluster')
    it('a node that stops or is killed costs no caller an answer, and is asked again when it is back', async () => {
      const node = tester.system.processes.get('enforcement-1');
      if (node === undefined) throw new Error('the cluster has no such node');
      const { key } = await unlimited();
      const client = guard();
      let running = true;
      let answered = 0;
      const ask = async () => {
        while (running) {
          expect((await client.check({ credential: key })).allowed).toBe(true);
          answered += 1;
        }
      };
      const askers = Promise.all(Array.from({ length: 32 }, ask));
      const more = async () => {
        const before = answered;
        await eventually(() => expect(answered).toBeGreaterThan(before + 200));
      };
      await more();
      await node.stop();
      await more();
      await node.start();
      await more();
      await node.kill();
      await more();
      await node.start();
      const alone = guard([node.grpcAddress]);
      await eventually(async () => expect((await alone.check({ credential: key })).allowed).toBe(true));
      running = false;
      await askers;
    });
});
