import { GrpcCheckClient, type CheckResult } from '@latchkey/guard';
import { eventually } from '@latchkey/testing';
import { GrpcCaller, type GrpcResult } from './harness/grpc';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester, type S4eKey } from './harness/tester';

const START_MS = 120_000;

describe.each(WAYS_OF_RUNNING)('calls with keys, on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e' }));
  }, START_MS);
  afterAll(() => tester?.system.stop(), START_MS);

  describe('when a key was last used', () => {
    const create = () => tester.createS4eKey({ scopes: ['read:assets'] });
    const listed = async ({ id }: S4eKey) => {
      const { data } = (await tester.asAdmin('GET', '/api/keys')).json<{ data: S4eKey[] }>();
      return data.find((key) => key.id === id)?.last_used;
    };
    const use = async ({ key }: S4eKey, scopes: readonly string[] = ['read:assets']) => {
      const [node = ''] = tester.system.enforcementUrls;
      return (await tester.checkAt(node, key, { scopes })).json<{ allowed: boolean }>().allowed;
    };

    it('S0-12 last_used is null until the key is used, then an RFC 3339 time, in lists and alone', async () => {
      const key = await create();
      expect([key.last_used, await listed(key)]).toEqual([null, null]);
      // Times are shown in whole seconds.
      const before = Math.floor(Date.now() / 1_000) * 1_000;
      expect(await use(key)).toBe(true);
      const lastUsed = await eventually(
        async () => {
          const shown = await listed(key);
          if (typeof shown !== 'string') throw new Error('not seen yet');
          return shown;
        },
        { timeoutMs: 20_000 },
      );
      expect(lastUsed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Date.parse(lastUsed)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(lastUsed)).toBeLessThanOrEqual(Date.now());
      expect((await tester.asAdmin('GET', `/api/keys/${key.id}`)).json()).toMatchObject({
        data: { last_used: lastUsed },
      });
      const { items } = (await tester.asAdmin('GET', '/api/v1/api-keys')).json<{
        items: { last_used: string | null }[];
      }>();
      expect(items.map(({ last_used: shown }) => shown?.slice(0, 19))).toContain(lastUsed.slice(0, 19));
    });

    it('S0-12 a call that is denied does not use a key', async () => {
      const [denied, used] = [await create(), await create()];
      expect(await use(denied, ['write:scans'])).toBe(false);
      expect(await use(used)).toBe(true);
      // Of the same node and later, so what was denied before it has been read.
      await eventually(async () => expect(await listed(used)).toMatch(/^20/), { timeoutMs: 20_000 });
      expect(await listed(denied)).toBeNull();
    });

    it('every source of the audit is complete, enforcement among them', async () => {
      await eventually(async () => {
        const answer = await tester.asAdmin('GET', '/api/v1/audit-events/sources');
        const { sources } = answer.json<{ sources: { source: string; complete: boolean }[] }>();
        expect(sources.map(({ source, complete }) => [source, complete])).toEqual([
          ['latchkey/enforcement', true],
          ['latchkey/identity', true],
          ['latchkey/issuance', true],
          ['latchkey/oauth', true],
        ]);
      });
    });
  });

  describe('the check over gRPC', () => {
    const closing: (() => void)[] = [];
    afterEach(() => closing.splice(0).forEach((close) => close()));

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
  });
});
