import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import type { CheckClient } from './check-client';
import { allowed } from './testing/check-results';

export interface TestNode {
  /** As the client takes it. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface CheckClientHarness {
  /** A node that answers every check so, at any address or at one that is free again; when the promise is rejected it fails. */
  node(answer: (request: CheckRequest) => Promise<CheckResult>, address?: string): Promise<TestNode>;
  client(addresses: readonly string[], options: { timeoutMs?: number }): CheckClient;
}

const never = () => new Promise<CheckResult>(() => undefined);
const failing = () => Promise.reject<CheckResult>(new Error('the node fails'));
const answering = (result: CheckResult) => () => Promise.resolve(result);

/** What whoever asks enforcement's nodes relies on, whatever the transport. */
export function describeCheckClient(transport: string, harness: CheckClientHarness): void {
  describe(`a client of the check over ${transport}`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    const node = async (answer: (request: CheckRequest) => Promise<CheckResult>) => {
      const started = await harness.node(answer);
      closing.push(() => started.stop());
      return started.address;
    };
    /** The address of a node that is gone. */
    const away = async () => {
      const { address, stop } = await harness.node(failing);
      await stop();
      return address;
    };
    const client = (addresses: readonly string[], options: { timeoutMs?: number } = {}) => {
      const made = harness.client(addresses, options);
      closing.push(() => made.close?.());
      return made;
    };
    const outcome = (addresses: readonly string[], options?: { timeoutMs?: number }) =>
      client(addresses, options)
        .check({ credential: 'lk_live_x' })
        .catch((error: unknown) => (isAppError(error) ? error.code : error));

    it('sends the request as it is, and gives the answer', async () => {
      const asked: CheckRequest[] = [];
      const address = await node((request) => (asked.push(request), Promise.resolve(allowed)));
      const requests: CheckRequest[] = [
        { credential: 'lk_live_x' },
        {
          credential: 'ключ 🔑',
          scopes: ['assets:read', 'assets:write'],
          ip: '203.0.113.9',
          asset: '',
          own_assets: true,
          action: 'list',
          cost: 7,
          method: 'GET',
          path: '/api/assets',
        },
      ];
      const only = client([address]);
      for (const request of requests) expect(await only.check(request)).toEqual(allowed);
      expect(asked).toEqual(requests);
    });

    it.each<[string, CheckResult]>([
      ['a denial', { ...allowed, allowed: false, reason: 'revoked', status: 401, principal: null, limits: [] }],
      ['a limit', { ...allowed, allowed: false, reason: 'rate_limited', status: 429, retry_after: 7 }],
    ])('gives %s as an answer', async (_, result) => {
      expect(await outcome([await node(answering(result))])).toEqual(result);
    });

    it('gives the assets of a restricted principal', async () => {
      for (const assets of [['example.com', 'пример.рф'], []]) {
        const result = { ...allowed, principal: allowed.principal && { ...allowed.principal, assets } };
        expect(await outcome([await node(answering(result))])).toEqual(result);
      }
    });

    it('takes the nodes in turn', async () => {
      const asked: string[] = [];
      const named = (name: string) => () => (asked.push(name), Promise.resolve(allowed));
      const both = client([await node(named('a')), await node(named('b'))]);
      for (let call = 0; call < 6; call += 1) await both.check({ credential: 'x' });
      expect(asked).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    });

    it('passes over a node that is gone, that fails, or that keeps silent', async () => {
      const good = await node(answering(allowed));
      expect(await outcome([await away(), good])).toEqual(allowed);
      expect(await outcome([await node(failing), good])).toEqual(allowed);
      expect(await outcome([await node(never), good], { timeoutMs: 500 })).toEqual(allowed);
    });

    it('lets nobody pass when no node answers, and keeps its deadline over all of them', async () => {
      expect(await outcome([await away(), await away()])).toBe('auth.unavailable');
      expect(await outcome([await node(failing)])).toBe('auth.unavailable');
      const startedAt = performance.now();
      expect(await outcome([await node(never), await node(never)], { timeoutMs: 50 })).toBe('auth.unavailable');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });

    it('finds a node again that was gone for a while', async () => {
      const started = await harness.node(answering(allowed));
      const only = client([started.address]);
      await only.check({ credential: 'x' });
      await started.stop();
      await expect(only.check({ credential: 'x' })).rejects.toMatchObject({ code: 'auth.unavailable' });
      const again = await harness.node(answering(allowed), started.address);
      closing.push(() => again.stop());
      await eventually(async () => expect(await only.check({ credential: 'x' })).toEqual(allowed));
    });

    it.each<[string, CheckResult]>([
      ['allowed without a principal', { ...allowed, principal: null }],
      ['allowed with a reason', { ...allowed, reason: 'revoked' }],
      ['denied without a reason', { ...allowed, allowed: false }],
      ['a reason that there is not', { ...allowed, allowed: false, reason: 'bored' as 'revoked' }],
      ['a status that is none', { ...allowed, status: 7 }],
      ['a principal without an id', { ...allowed, principal: allowed.principal && { ...allowed.principal, id: '' } }],
      ['a header that would split the reply', { ...allowed, headers: { 'X-A': 'b\r\nSet-Cookie: c' } }],
      ['a header name that is none', { ...allowed, headers: { 'X-A: b\r\nX-C': 'd' } }],
    ])('does not believe %s', async (_what, reply) => {
      expect(await outcome([await node(answering(reply))])).toBe('auth.unavailable');
    });
  });
}
