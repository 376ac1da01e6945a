import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decideAccess, denialReasonAt, principalOf } from '@latchkey/access';
import type {
  CheckRequest,
  CheckResult,
  CredentialRef,
  KeySubject,
  KnownSubjects,
  SubjectBody,
  SubjectSnapshot,
} from '@latchkey/contracts';
import { keyId, userId, workspaceId } from '@latchkey/kernel';
import type { Service } from '@latchkey/platform';
import { createAssetsApi } from './create-assets-api';

const KEYS: Readonly<Record<string, { readonly profile: string; readonly key: Partial<KeySubject> }>> = {
  'reader.of.w1': { profile: 's4e', key: { scopes: ['assets:read'] } },
  'writer.of.w1': { profile: 's4e', key: { scopes: ['assets:read', 'assets:write'] } },
  'restricted.of.w1': { profile: 's4e', key: { scopes: ['assets:read', 'assets:write'], assets: ['example.com'] } },
  'elsewhere.of.w1': { profile: 's4e', key: { scopes: ['assets:read'], allowedIps: ['203.0.113.0/24'] } },
  'reader.of.w2': { profile: 's4e', key: { scopes: ['assets:read'] } },
  'store.of.w3': { profile: 'slaunch', key: { scopes: ['store:read'] } },
};

/** What enforcement says, by the real rules, of the keys above; `busy` has used up its limit. */
function answer(request: CheckRequest): CheckResult {
  const base = { limits: [], headers: {}, checked_at: '2026-01-01T00:00:00Z', via: 'memory' } as const;
  const denied = (status: number, reason: NonNullable<CheckResult['reason']>): CheckResult => ({
    ...base,
    allowed: false,
    reason,
    status,
    principal: null,
  });
  if (request.credential === 'busy') {
    const headers = { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '0', 'Retry-After': '7' };
    return { ...denied(429, 'rate_limited'), retry_after: 7, headers };
  }
  const known = KEYS[request.credential];
  if (!known) return denied(401, request.credential === '' ? 'missing' : 'unknown');
  const workspace = workspaceId(request.credential.slice(-2));
  const ref: CredentialRef = { workspaceId: workspace, keyId: keyId('k'), secretNumber: 1 };
  const subjects = subjectsOf(ref, known.profile, known.key);
  const verdict = decideAccess(ref, request, subjects);
  if (verdict.kind !== 'allow') {
    return denied(403, verdict.kind === 'deny' ? denialReasonAt(verdict.denial, 0) : 'unavailable');
  }
  const headers = { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '99', 'X-RateLimit-Reset': '1718460120' };
  return { ...base, headers, allowed: true, reason: null, status: 200, principal: principalOf(ref, subjects) };
}

function subjectsOf(ref: CredentialRef, profile: string, key: Partial<KeySubject>): KnownSubjects {
  const snapshot = (id: string, body: SubjectBody): SubjectSnapshot => ({ kind: body.kind, id, version: 1, body });
  const everyday: KeySubject = {
    kind: 'key',
    workspaceId: ref.workspaceId,
    userId: userId('u'),
    name: 'test',
    status: 'active',
    scopes: [],
    scopeSetIds: [],
    allowedIps: [],
    assets: 'all',
    plan: 'standard',
    secrets: [{ number: 1, graceUntilMs: null }],
    expiresAtMs: null,
  };
  return [
    snapshot(ref.keyId, { ...everyday, ...key }),
    snapshot(ref.workspaceId, {
      kind: 'workspace',
      status: 'active',
      name: 'W',
      profile,
      formerMembersKeys: 'end',
      secondFactor: 'optional',
    }),
    snapshot('u', { kind: 'user', status: 'active', roles: { [ref.workspaceId]: 'member' }, sessionGeneration: 0 }),
  ];
}

describe('the sample API', () => {
  let enforcement: Server;
  let api: Service;
  let url: string;

  beforeAll(async () => {
    enforcement = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer(JSON.parse(Buffer.concat(chunks).toString()) as CheckRequest)));
      });
    });
    await new Promise<void>((resolve) => enforcement.listen(0, '127.0.0.1', resolve));
    const { port } = enforcement.address() as AddressInfo;
    api = await createAssetsApi({
      PORT: '0',
      LATCHKEY_LOG_LEVEL: 'silent',
      LATCHKEY_ENFORCEMENT_URLS: `http://127.0.0.1:${port}`,
    });
    url = (await api.start())['http'] ?? '';
  });

  afterAll(async () => {
    await api.stop();
    enforcement.closeAllConnections();
    await new Promise((resolve) => enforcement.close(resolve));
  });

  async function call(path: string, headers: Readonly<Record<string, string>> = {}, body?: object) {
    const response = await fetch(new URL(path, url), {
      method: body ? 'POST' : 'GET',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
  }
  const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
  const hostnames = (body: Record<string, unknown>) =>
    ((body['data'] ?? body['items']) as readonly { hostname: string }[]).map(({ hostname }) => hostname);
  const add = (assets: readonly unknown[], headers = bearer('writer.of.w1')) =>
    call('/asset/handler/bulk-asset-add', headers, { assets });

  it('adds assets with the token in the body, and lists them by Bearer and X-API-Key', async () => {
    const added = await call('/asset/handler/bulk-asset-add', {}, { assets: ['Example.com'], token: 'writer.of.w1' });
    expect(added).toMatchObject({ status: 200, body: { message: '1 asset added.' } });
    expect(await add(['example.com', 'example.org', 'example.org'])).toMatchObject({
      body: { message: '1 asset added.' },
    });
    for (const headers of [bearer('reader.of.w1'), { 'x-api-key': 'reader.of.w1' }]) {
      const { status, body } = await call('/api/assets', headers);
      expect({ status, assets: hostnames(body) }).toEqual({ status: 200, assets: ['example.com', 'example.org'] });
    }
  });

  it('shows nobody the assets of another workspace', async () => {
    await add(['example.net']);
    expect(hostnames((await call('/api/assets', bearer('reader.of.w2'))).body)).toEqual([]);
  });

  it('keeps a restricted key to its assets', async () => {
    await add(['example.com', 'example.org']);
    const restricted = bearer('restricted.of.w1');
    expect(hostnames((await call('/api/assets', restricted)).body)).toEqual(['example.com']);
    expect((await add(['example.com'], restricted)).status).toBe(200);
    expect((await add(['example.com', 'evil.example'], restricted)).status).toBe(403);
  });

  it('answers the S-Launch collection, with its slash only', async () => {
    const { status, body } = await call('/api/store/asset/', { 'x-api-key': 'store.of.w3' });
    expect({ status, body }).toEqual({ status: 200, body: { items: [], next_cursor: null } });
    expect((await call('/api/store/asset', { 'x-api-key': 'store.of.w3' })).status).toBe(404);
  });

  it('passes the limits on', async () => {
    const { headers } = await call('/api/assets', bearer('reader.of.w1'));
    expect(['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`))).toEqual([
      '100',
      '99',
      '1718460120',
    ]);
    const limited = await call('/api/assets', bearer('busy'));
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it.each<[string, number, string, Record<string, string>]>([
    ['no credential', 401, 'unauthorized', {}],
    ['an unknown credential', 401, 'unauthorized', bearer('nobody')],
    ['an unlisted ip', 403, 'forbidden', bearer('elsewhere.of.w1')],
    ['a scope of another product', 403, 'forbidden', bearer('store.of.w3')],
    ['two credentials', 400, 'multiple_credentials', { ...bearer('reader.of.w1'), 'x-api-key': 'writer.of.w1' }],
  ])('refuses %s with %i in the S4E envelope', async (_, status, code, headers) => {
    const answered = await call('/api/assets', headers);
    expect(answered).toMatchObject({ status, body: { status: 'error', error: { code } } });
  });

  it('refuses to write with a key that may read', async () => {
    expect((await add(['example.com'], bearer('reader.of.w1'))).status).toBe(403);
  });

  it.each([[[]], [['']], [['not a host']], [['-a.com']], [['a..com']], [[7]], [[['a.com']]], [['a'.repeat(64)]]])(
    'refuses the assets %j with a 400',
    async (assets) => {
      expect(await add(assets)).toMatchObject({ status: 400, body: { status: 'error' } });
    },
  );

  it('refuses an unknown field, and a token in the body beside another credential', async () => {
    const path = '/asset/handler/bulk-asset-add';
    const more = { assets: ['example.com'], owner: 'me' };
    expect((await call(path, bearer('writer.of.w1'), more)).status).toBe(400);
    const both = { assets: ['example.com'], token: 'reader.of.w1' };
    expect((await call(path, bearer('writer.of.w1'), both)).status).toBe(400);
  });

  it('lets nobody pass when enforcement cannot be reached', async () => {
    const alone = await createAssetsApi({
      PORT: '0',
      LATCHKEY_LOG_LEVEL: 'silent',
      LATCHKEY_ENFORCEMENT_URLS: 'http://127.0.0.1:1',
    });
    try {
      const { http = '' } = await alone.start();
      const response = await fetch(new URL('/api/assets', http), { headers: bearer('writer.of.w1') });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    } finally {
      await alone.stop();
    }
  });
});
