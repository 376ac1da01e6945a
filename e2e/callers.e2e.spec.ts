import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { credentials, status, type ChannelCredentials } from '@grpc/grpc-js';
import { certificateFilesOf } from '@latchkey/certificates';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { GrpcCheckClient } from '@latchkey/guard';
import { GrpcOwnerClient } from '@latchkey/live-state';
import { accessToken, credentialsOf, postForm, registerApplication } from './harness/applications';
import { call, callerOf } from './harness/http';
import { runProgram } from './harness/program';
import { startSystem, type System } from './harness/system';

const TIMEOUT_MS = 15_000;

interface Shown {
  /** Service whose certificate is shown. */
  readonly certificate?: string;
  readonly token?: string;
}

interface CreatedKey {
  readonly id: string;
  readonly key: string;
}

describe('a cluster whose services listen on a network', () => {
  let system: System;
  let node = '';
  beforeAll(async () => {
    system = await startSystem('cluster', { profile: 's4e', neighbour: 'zshield', tls: true });
    [node = ''] = system.enforcementUrls;
  }, 180_000);
  afterAll(() => system?.stop(), 60_000);

  const pem = (service: string) => {
    const files = certificateFilesOf(system.certificates, service);
    return { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
  };
  const channelOf = (service?: string): ChannelCredentials => {
    if (service === undefined) return credentials.createSsl(pem('enforcement').ca);
    const { ca, cert, key } = pem(service);
    return credentials.createSsl(ca, key, cert);
  };

  async function ask(url: string, path: string, { certificate, token }: Shown, body?: unknown, headers = {}) {
    const { ca, ...own } = pem(certificate ?? 'enforcement');
    const sent = request(new URL(path, url), {
      method: body === undefined ? 'GET' : 'POST',
      ca,
      ...(certificate !== undefined && own),
      servername: 'enforcement',
      agent: false,
      timeout: TIMEOUT_MS,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    return new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('response', (reply) => {
        void text(reply).then(
          (content) => resolve({ status: reply.statusCode ?? 0, text: content, headers: reply.headers }),
          reject,
        );
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
  const check = (shown: Shown, checked: CheckRequest, url = node) => ask(url, '/v1/check', shown, checked);
  const resultOf = async (shown: Shown, checked: CheckRequest) =>
    JSON.parse((await check(shown, checked)).text) as CheckResult;

  async function newKey(scopes: readonly string[], adminKey = system.adminKey): Promise<CreatedKey> {
    const created = await callerOf(system.url, adminKey)('POST', '/api/v1/api-keys', { name: 'service', scopes });
    expect(created.status).toBe(201);
    return created.json<CreatedKey>();
  }

  it('works from end to end: the guards of its own services are known by their certificates', async () => {
    const { key } = await newKey(['assets:read']);
    expect((await call(system.url, { path: '/api/assets', credential: key })).status).toBe(200);
    expect((await call(system.url, { path: '/api/v1/audit-events', credential: system.adminKey })).status).toBe(200);
    expect((await call(system.url, { path: '/api/v1/audit-events', credential: key })).status).toBe(403);
  });

  it('issues access tokens and takes them, from end to end', async () => {
    const application = await registerApplication(system.url, system.adminKey, { scopes: ['assets:read'] });
    const token = await accessToken(system.url, application);
    expect((await call(system.url, { path: '/api/assets', credential: token })).status).toBe(200);
    const asked = { ...credentialsOf(application), token };
    expect((await postForm(system.url, '/oauth/introspect', asked)).json()).toMatchObject({ active: true });
    expect((await postForm(system.url, '/oauth/revoke', asked)).status).toBe(200);
    expect((await call(system.url, { path: '/api/assets', credential: token })).status).toBe(401);
  });

  it('tells a caller with a certificate, or a service token, and nobody else', async () => {
    const { key } = await newKey(['assets:read']);
    const { key: token } = await newKey(['enforcement:check']);
    const checked = { credential: key };
    for (const shown of [{ certificate: 'assets-api' }, { token }, { certificate: 'assets-api', token }])
      expect(await resultOf(shown, checked)).toMatchObject({ allowed: true });
    expect((await check({}, checked)).status).toBe(401);
    expect((await check({ certificate: 'assets-api', token: 'x' }, checked)).status).toBe(401);
    expect((await check({ token: key }, checked)).status).toBe(403);
  });

  it('takes nobody who comes through the edge for a part of itself', async () => {
    const { key } = await newKey(['enforcement:check']);
    const asked = { method: 'POST', path: '/v1/check', body: { credential: key } };
    expect((await call(system.url, asked)).status).toBe(401);
    expect((await call(system.url, { ...asked, credential: key })).status).toBe(200);
  });

  it('tells the holder of a service token about its own workspace alone', async () => {
    const { key: token } = await newKey(['enforcement:check']);
    const neighbour = { credential: system.neighbourKey ?? '' };
    expect(await resultOf({ token }, neighbour)).toMatchObject({ allowed: false, reason: 'unknown', principal: null });
    expect(await resultOf({ certificate: 'assets-api' }, neighbour)).toMatchObject({ allowed: true });
    expect(await resultOf({ token }, { credential: system.adminKey })).toMatchObject({ allowed: true });
  });

  it('stops a service token with its revoke, on every node, on open streams too', async () => {
    const { id, key: token } = await newKey(['enforcement:check']);
    const stream = new GrpcCheckClient(system.enforcementGrpc.slice(0, 1), grpcOptions(undefined, token));
    const checked = { credential: system.adminKey };
    try {
      expect(await stream.check(checked)).toMatchObject({ allowed: true });
      for (const url of system.enforcementUrls) expect((await check({ token }, checked, url)).status).toBe(200);
      await callerOf(system.url, system.adminKey)('DELETE', `/api/v1/api-keys/${id}`);
      for (const url of system.enforcementUrls) expect((await check({ token }, checked, url)).status).toBe(401);
      await expect(stream.check(checked)).rejects.toMatchObject({ code: 'auth.unavailable' });
    } finally {
      stream.close();
    }
  });

  it('counts no call of a service token for asking', async () => {
    const { key: token } = await newKey(['enforcement:check']);
    const remaining = async () => (await resultOf({ token }, { credential: token })).limits[0]?.remaining ?? 0;
    const before = await remaining();
    for (let asked = 0; asked < 5; asked += 1) await check({ token }, { credential: '' });
    expect(await remaining()).toBe(before - 1);
  });

  it('is asked over gRPC by the same callers', async () => {
    const { key: token } = await newKey(['enforcement:check']);
    const asked = async (certificate?: string, shown?: string) => {
      const client = new GrpcCheckClient(system.enforcementGrpc, grpcOptions(certificate, shown));
      try {
        return (await client.check({ credential: system.adminKey })).allowed;
      } finally {
        client.close();
      }
    };
    expect(await asked('assets-api')).toBe(true);
    expect(await asked(undefined, token)).toBe(true);
    await expect(asked()).rejects.toMatchObject({ code: 'auth.unavailable' });
    await expect(asked('assets-api', 'x')).rejects.toMatchObject({ code: 'auth.unavailable' });
  });

  const grpcOptions = (certificate?: string, token?: string) => ({
    credentials: channelOf(certificate),
    serverName: 'enforcement',
    ...(token !== undefined && { token: () => token }),
  });

  it('answers a proxy that shows its token beside the credential of the call', async () => {
    const { key: token } = await newKey(['enforcement:check']);
    const held = { 'x-latchkey-token': token, 'x-api-key': system.adminKey };
    const passed = await ask(node, '/v1/forward-auth?scope=read:assets', {}, undefined, held);
    expect([passed.status, passed.text, passed.headers['x-auth-principal-kind']]).toEqual([200, '', 'api_key']);
    expect((await ask(node, '/v1/forward-auth', { token }, undefined, {})).status).toBe(401);
  });

  describe('owners', () => {
    const owners = ['identity', 'issuance', 'oauth'] as const;
    const subjects = {
      identity: { kind: 'user', id: 'u' },
      issuance: { kind: 'key', id: 'k' },
      oauth: { kind: 'client', id: 'c' },
    } as const;

    async function asked(owner: (typeof owners)[number], tls?: ChannelCredentials) {
      const address = system.processes.get(owner)?.grpcAddress ?? '';
      const client = new GrpcOwnerClient({
        owner,
        addresses: [address],
        ...(tls && { tls }),
        deadlineMs: TIMEOUT_MS / 5,
      });
      try {
        return await client.read([subjects[owner]]).then(
          ([snapshot]) => snapshot?.version,
          ({ cause }: { cause?: { code?: status } }) => cause?.code,
        );
      } finally {
        client.close();
      }
    }

    it.each(owners)('tell their subjects to the services that are to know: %s', async (owner) => {
      expect(await asked(owner, channelOf('enforcement'))).toBe(0);
      expect(await asked(owner, channelOf('assets-api'))).toBe(status.PERMISSION_DENIED);
      for (const tls of [channelOf(), undefined])
        expect([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]).toContain(await asked(owner, tls));
    });
  });

  it('does not start on a network in plain text', async () => {
    const variables = { HOST: '0.0.0.0', LATCHKEY_DATA_DIR: `${system.certificates}/none` };
    const { code, output } = await runProgram('apps/standalone/main.js', variables);
    expect(code).toBe(1);
    expect(output).toContain('HOST: another address than loopback needs LATCHKEY_TLS_CERT');
    await expect(fetch(node.replace('https:', 'http:'))).rejects.toThrow();
  });
});
