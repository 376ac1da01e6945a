import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { formatKey, profileByName } from '@latchkey/access';
import { GrpcCheckClient } from '@latchkey/guard';
import { eventually } from '@latchkey/testing';
import { Redis } from 'ioredis';
import { call, sendBytes, type Call } from './harness/http';
import { GrpcCaller } from './harness/grpc';
import { runProgram } from './harness/program';
import { UndoStack } from './harness/undo-stack';
import { RecordingClient } from './secrets/client';
import type { MarkedSecret } from './secrets/forms';
import { usePeople } from './secrets/people';
import { lookAtRemains, lookAtRunning, PLACES, RedisMonitor } from './secrets/places';
import { SecretSearch, type Finding } from './secrets/secret-search';
import { install, startServers, type Installation, type Servers } from './secrets/stage';
import { useTokens } from './secrets/tokens';
import { brokenRequests, misplacedInAdministration, misplacedInChecks } from './secrets/wrong-places';

const BODY = { name: 'searched', scopes: ['read:assets', 'write:assets'] };
const CREATE: Call = { path: '/api/keys', body: BODY };

/** Another last character: its checksum is wrong. */
const mistyped = (secret: string) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');

/** What a proxy passes on of a call that it holds back. */
const forwarded = (secret: string): readonly Record<string, string>[] => [
  { authorization: `Bearer ${secret}`, 'x-forwarded-uri': `/${secret}?token=${secret}`, 'x-forwarded-method': 'GET' },
  { 'x-api-key': secret, 'x-original-uri': '/x', 'x-original-method': secret, 'x-latchkey-token': secret },
  { authorization: `Bearer ${secret}`, 'x-api-key': mistyped(secret), 'x-forwarded-uri': secret },
];

function newKey(): string {
  const profile = profileByName('s4e');
  if (!profile) throw new Error('there is no such profile');
  return formatKey(profile, 'live', randomBytes).reveal();
}

/**
 * Every secret that was issued or configured is looked for, whole and in pieces, as it is and encoded, in everything that the services and
 * what they stand on have written anywhere.
 */
describe('after everything that can be done with a secret', () => {
  const client = new RecordingClient();
  const configured = newKey();
  /** In every kind of place on purpose: a search that does not find it sees nothing. */
  const decoy: MarkedSecret = { name: 'decoy', value: `decoy-${randomBytes(16).toString('hex')}` };
  const monitor = new RedisMonitor();
  let servers: Servers;
  let search: SecretSearch;
  let modes: readonly number[];

  const undo = new UndoStack();
  const keep = <Started extends { stop(): Promise<void> }>(started: Started): Started => {
    undo.push(() => started.stop());
    return started;
  };

  beforeAll(async () => {
    servers = keep(await startServers());
    const first = keep(await install(servers, 'first'));
    await use(first);
    await first.cluster.stop();
    await monitor.start(servers.redis.url);
    const second = keep(await install(servers, 'second', configured));
    modes = await Promise.all(second.secretFiles.map(async (file) => (await stat(file)).mode & 0o777));
    const refusals = await refusedConfigurations(second);
    await use(second);
    await usePeople(client, second.cluster.url, second.adminKey, servers.mails);
    await provokeErrors(second);
    await plantDecoys(second);
    search = new SecretSearch([...first.secrets, ...second.secrets, ...servers.secrets, ...client.secrets, decoy]);
    await lookAtRunning(search, servers, second);
    await second.cluster.stop();
    await lookAtRemains(search, servers, [first, second]);
    for (const answer of client.answers) search.look('answer', answer);
    for (const refusal of refusals) search.look('refusal of a configuration', refusal);
    search.look('Redis monitor', monitor.stop());
  }, 300_000);
  afterAll(() => undo.undo(), 60_000);

  const foundOtherwise = (): readonly Finding[] => search.findings.filter(({ secret }) => secret !== decoy.name);

  it('none is anywhere', () => {
    expect(foundOtherwise()).toEqual([]);
  });

  it('those in files of their own are for the owner alone', () => {
    expect(modes).toEqual([0o600, 0o600]);
  });

  it.each(PLACES)('what is in a place of the kind "%s" is found', (place) => {
    expect(search.foundIn(place)).toContain(decoy.name);
  });

  /** Whatever carries a secret to its right place, and then to wrong ones. */
  async function use({ cluster, adminKey }: Installation): Promise<void> {
    const { url } = cluster;
    const admin = { credential: adminKey };
    const live = await client.issue(url, 'live key', { ...admin, ...CREATE });
    const revoked = await client.issue(url, 'revoked key', { ...admin, ...CREATE });
    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    const expired = await client.issue(url, 'expired key', {
      ...admin,
      ...CREATE,
      body: { ...BODY, expires_at: expiresAt },
    });
    const narrow = await client.issue(url, 'narrow key', {
      ...admin,
      ...CREATE,
      body: { ...BODY, allowed_ips: ['192.0.2.1'] },
    });
    const rotated = await client.issue(url, 'rotated key', {
      ...admin,
      ...CREATE,
      headers: { 'idempotency-key': 'i' },
    });
    await client.send(url, { ...admin, ...CREATE, method: 'POST', headers: { 'idempotency-key': 'i' } });
    for (const hours of [48, 0]) {
      const rotate = { ...admin, path: `/api/v1/api-keys/${rotated.id}/rotate`, body: { grace_period_hours: hours } };
      await client.issue(url, `key rotated with a grace of ${hours} h`, rotate);
    }
    await client.send(url, { ...admin, method: 'DELETE', path: `/api/keys/${revoked.id}` });

    const [token, revokedToken] = await useTokens(client, url, adminKey);
    const secrets = [live, revoked, expired, narrow, rotated].map(({ secret }) => secret);
    for (const secret of [...secrets, mistyped(live.secret), newKey(), token, revokedToken])
      await present(cluster, secret);
    const wrong = [live.secret, revoked.secret, mistyped(live.secret), token];
    for (const secret of wrong) {
      for (const each of misplacedInAdministration(secret, adminKey, live.id)) await client.send(url, each);
      for (const each of misplacedInChecks(secret, live.secret)) await client.send(url, each);
      for (const { url: past } of cluster.processes.values())
        for (const bytes of brokenRequests(secret)) client.answers.push(await sendBytes(past, bytes));
    }
  }

  /** In every form that a call can carry it in, right and wrong. */
  async function present({ url, processes }: Installation['cluster'], secret: string): Promise<void> {
    const assets = { path: '/api/assets' };
    const add = { method: 'POST', path: '/asset/handler/bulk-asset-add' };
    const calls: readonly Call[] = [
      { ...assets, credential: secret },
      { ...assets, headers: { 'x-api-key': secret } },
      { ...assets, headers: { cookie: `token=${secret}` } },
      { path: `/api/assets?token=${secret}` },
      { path: `/api/assets?token=a.b.${secret}` },
      { ...add, body: { assets: ['example.com'], token: secret } },
      { ...add, body: { assets: [secret], token: secret } },
      { ...add, credential: secret, body: { assets: ['example.com'], token: mistyped(secret) } },
      { path: '/api/keys', credential: secret },
      { path: '/api/v1/me', headers: { 'x-api-key': secret } },
      { method: 'POST', path: '/v1/check', body: { credential: secret, scopes: ['assets:read'], ip: '203.0.113.7' } },
      {
        method: 'POST',
        path: '/v1/check',
        body: { credential: secret, scopes: ['admin:full'], path: '/x', method: 'GET' },
      },
      { method: 'POST', path: '/v1/check/batch', body: { checks: [{ credential: secret }, { credential: '' }] } },
    ];
    for (const each of calls) await client.send(url, each);
    for (const { name, url: past, grpcAddress } of processes.values())
      if (name.startsWith('enforcement')) {
        const check = { method: 'POST', path: '/v1/check', body: { credential: secret } };
        await client.send(past, check);
        await client.send(past, { ...check, credential: secret });
        for (const headers of forwarded(secret)) await client.send(past, { path: '/v1/forward-auth', headers });
        await askOverGrpc(grpcAddress, secret);
      }
  }

  async function askOverGrpc(address: string, secret: string): Promise<void> {
    const [alone, stream] = [new GrpcCaller(address), new GrpcCheckClient([address])];
    const checks = [{ credential: secret, path: `/${secret}` }, { credential: `${secret}x` }];
    const answers = [alone.batch(checks), ...checks.flatMap((check) => [alone.check(check), stream.check(check)])];
    for (const answer of await Promise.allSettled(answers)) client.answers.push(inspect(answer, { depth: 9 }));
    alone.close();
    stream.close();
  }

  /** Whatever fails says why. */
  async function provokeErrors({ cluster, adminKey }: Installation): Promise<void> {
    const { url } = cluster;
    const admin = { credential: adminKey };
    const { id, secret } = await client.issue(url, 'key of hard times', { ...admin, ...CREATE });
    const tryAll = async () => {
      const change = { ...admin, path: `/api/v1/api-keys/${id}` };
      await Promise.all([
        client.send(url, { ...admin, path: '/api/keys' }),
        client.send(url, { ...change, method: 'PATCH', body: { scopes: ['read:assets'] } }),
        present(cluster, secret),
        present(cluster, newKey()),
      ]);
    };
    await Promise.all([servers.redis.kill(), servers.kafka.kill()]);
    await client.issue(url, 'key made without Redis', { ...admin, ...CREATE });
    await tryAll();
    await servers.redis.restart();
    await monitor.start(servers.redis.url);
    await servers.postgres.kill();
    await tryAll();
    await Promise.all([servers.postgres.restart(), servers.kafka.restart()]);
    await eventually(() => client.issue(url, 'key of better times', { ...admin, ...CREATE }), { timeoutMs: 30_000 });
    await tryAll();
  }

  /** What a service says that does not start for what it was told. */
  async function refusedConfigurations({ secrets, adminKey }: Installation): Promise<readonly string[]> {
    const [pepper = '', masterKey = ''] = secrets.map(({ value }) => value);
    const good = {
      DATABASE_URL: servers.postgres.url,
      REDIS_URL: servers.redis.url,
      KAFKA_BROKERS: servers.kafka.url,
      LATCHKEY_IDENTITY_GRPC: '127.0.0.1:1',
      LATCHKEY_ENFORCEMENT_GRPC: '127.0.0.1:1',
      LATCHKEY_PEPPER: pepper,
      LATCHKEY_MASTER_KEY: masterKey,
      LATCHKEY_ADMIN_KEY: adminKey,
    };
    const bad = [
      { DATABASE_URL: good.DATABASE_URL.replace('://', ':/') },
      { REDIS_URL: good.REDIS_URL.replace('redis', 'http') },
      { LATCHKEY_PEPPER: pepper.slice(0, 20) },
      { LATCHKEY_IDENTITY_GRPC: masterKey },
    ];
    const runs = await Promise.all(bad.map((wrong) => runProgram('apps/issuance/main.js', { ...good, ...wrong })));
    return runs.map(({ output }) => output);
  }

  async function plantDecoys({ cluster, adminKey, dataDir }: Installation): Promise<void> {
    const admin = { credential: adminKey };
    await client.send(cluster.url, { ...admin, ...CREATE, body: { ...BODY, scopes: [decoy.value] }, method: 'POST' });
    await client.issue(cluster.url, 'key of the decoy', {
      ...admin,
      ...CREATE,
      headers: { 'x-request-id': decoy.value },
    });
    const redis = new Redis(servers.redis.url);
    await redis.set('decoy', decoy.value);
    await redis.quit();
    await writeFile(path.join(dataDir, 'decoy'), decoy.value);
    const idle = spawn('node', ['-e', 'setTimeout(() => {}, 120_000)', decoy.value], { stdio: 'ignore' });
    undo.push(() => idle.kill());
    const inAudit = { ...admin, path: `/api/v1/audit-events?request_id=${decoy.value}` };
    await eventually(
      async () => {
        const { items } = (await call(cluster.url, inAudit)).json<{ items: readonly unknown[] }>();
        expect(items).toHaveLength(1);
      },
      { timeoutMs: 30_000, everyMs: 100 },
    );
  }
});
