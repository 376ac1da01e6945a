import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '@latchkey/testing';
import type { CheckResult } from '@latchkey/contracts';
import { call, callerOf } from './harness/http';
import { startSystem, type System } from './harness/system';

/** What operators do to a cluster, and what happens to it. */
describe('a cluster whose processes end and come back', () => {
  let system: System;
  let asAdmin: ReturnType<typeof callerOf>;
  beforeAll(async () => {
    system = await startSystem('cluster', { profile: 'latchkey' });
    asAdmin = callerOf(system.url, system.adminKey);
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  const processOf = (name: string) => {
    const found = system.processes.get(name);
    if (!found) throw new Error(`the cluster has no ${name}`);
    return found;
  };
  const createKey = async () =>
    (await asAdmin('POST', '/api/v1/api-keys', { name: 'operated', scopes: ['assets:read'] })).json<{
      id: string;
      key: string;
    }>();
  const checkAt = async (url: string, credential: string) =>
    (
      await call(url, { method: 'POST', path: '/v1/check', body: { credential, scopes: ['assets:read'] } })
    ).json<CheckResult>();
  const metric = async (url: string, name: string) => {
    const { text: metrics } = await call(url, { path: '/metrics' });
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
  };
  const readiness = (name: string) => call(processOf(name).url, { path: '/readyz' });

  it('calls go on while a node of enforcement is dead, and what is revoked meanwhile stays revoked when it is back', async () => {
    const [stays, goes] = [await createKey(), await createKey()];
    for (const url of system.enforcementUrls) expect((await checkAt(url, goes.key)).allowed).toBe(true);
    await processOf('enforcement-1').kill();
    for (let calls = 0; calls < 6; calls += 1) expect((await checkAt(system.url, stays.key)).allowed).toBe(true);
    expect((await asAdmin('DELETE', `/api/v1/api-keys/${goes.id}`)).status).toBe(204);
    await processOf('enforcement-1').restart();
    for (const url of system.enforcementUrls) {
      expect(await checkAt(url, goes.key)).toMatchObject({ allowed: false, reason: 'revoked', status: 401 });
      expect((await checkAt(url, stays.key)).allowed).toBe(true);
    }
  }, 60_000);

  it('what a node has decided without Kafka is on its disk: killed and started again, it publishes that, and no number is missing', async () => {
    const node = processOf('enforcement-1');
    const { id, key } = await createKey();
    const lastUsed = async () =>
      (await asAdmin('GET', `/api/v1/api-keys/${id}`)).json<{ last_used: string | null }>().last_used;
    await node.restart({ KAFKA_BROKERS: '127.0.0.1:1' });
    expect((await checkAt(node.url, key)).allowed).toBe(true);
    await eventually(async () => expect(await metric(node.adminUrl, 'latchkey_decisions_recorded_total')).toBe(1));
    expect(await metric(node.adminUrl, 'latchkey_decisions_spooled_batches')).toBeGreaterThan(1);
    expect(await lastUsed()).toBeNull();
    await node.restart();
    await eventually(async () => expect(await lastUsed()).toMatch(/^20/), { timeoutMs: 20_000 });
    await eventually(async () => {
      const { sources } = (await asAdmin('GET', '/api/v1/audit-events/sources')).json<{ sources: object[] }>();
      expect(sources).toContainEqual(expect.objectContaining({ source: 'latchkey/enforcement', complete: true }));
    });
  }, 60_000);

  it('without issuance nothing passes once its lease has lapsed, health says who is missing, and all is well when it is back', async () => {
    const { key } = await createKey();
    expect((await checkAt(system.url, key)).allowed).toBe(true);
    await processOf('issuance').kill();
    await eventually(async () => {
      expect(await checkAt(system.url, key)).toMatchObject({ allowed: false, reason: 'unavailable', status: 503 });
    });
    await eventually(async () => {
      const { status, text: body } = await readiness('enforcement-1');
      expect([status, body]).toEqual([503, expect.stringContaining('issuance')]);
    });
    expect((await readiness('audit')).status).toBe(200);
    await processOf('issuance').restart();
    await eventually(async () => expect((await checkAt(system.url, key)).allowed).toBe(true), { timeoutMs: 20_000 });
    await eventually(async () => expect((await readiness('enforcement-1')).status).toBe(200));
  }, 60_000);

  it('a request that is in hand when its service is told to stop is answered', async () => {
    const issuance = processOf('issuance');
    const body = JSON.stringify({ name: 'in hand', scopes: ['assets:read'] });
    const { hostname, port } = new URL(issuance.url);
    const sent = request({
      hostname,
      port,
      method: 'POST',
      path: '/api/v1/api-keys',
      agent: false,
      headers: {
        authorization: `Bearer ${system.adminKey}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        expect: '100-continue',
      },
    });
    const answered = new Promise<number>((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (response) => {
        text(response).then(() => resolve(response.statusCode ?? 0), reject);
      });
    });
    sent.flushHeaders();
    // The service has the request, and waits for its body.
    await new Promise((resolve) => sent.once('continue', resolve));
    const stopped = issuance.stop();
    await eventually(async () => {
      await expect(call(issuance.url, { path: '/healthz' })).rejects.toThrow('ECONNREFUSED');
    });
    sent.end(body);
    expect(await answered).toBe(201);
    await stopped;
    await issuance.restart();
    const { items } = (await asAdmin('GET', '/api/v1/api-keys')).json<{ items: { name: string }[] }>();
    expect(items.map(({ name }) => name)).toContain('in hand');
  }, 60_000);

  it('the audit catches up on what happened while it was away, and misses nothing', async () => {
    await processOf('audit').kill();
    const made = await Promise.all(Array.from({ length: 20 }, () => createKey()));
    await processOf('audit').restart();
    await eventually(
      async () => {
        const { items } = (await asAdmin('GET', '/api/v1/audit-events?type=latchkey.key.created.v1&limit=200')).json<{
          items: { subject: string; position: string }[];
        }>();
        expect(items.map(({ subject }) => subject)).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
        expect(new Set(items.map(({ position }) => position)).size).toBe(items.length);
      },
      { timeoutMs: 30_000 },
    );
  }, 90_000);
});
