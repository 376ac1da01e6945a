import { randomUUID } from 'node:crypto';
import { workspaceId } from '@latchkey/kernel';
import { ApplicationService, type Sent } from './testing/application-service';
import { TokenService } from './testing/token-service';

describe('scope sets of OAuth applications (S4-13)', () => {
  let oauth: ApplicationService;
  beforeAll(async () => {
    oauth = await ApplicationService.start();
  });
  afterAll(() => oauth.stop());

  const setOf = (scopes: readonly string[], workspace = oauth.workspace) => {
    const id = randomUUID();
    oauth.put(id, { kind: 'scope_set', workspaceId: workspace, scopes });
    return id;
  };
  const register = (scopeSets: readonly string[], sent: Sent = {}) =>
    oauth.call('POST', '', { ...sent, body: { name: 'Nightly', scopes: ['assets:read'], scope_sets: scopeSets } });
  const change = (id: string, body: object, sent: Sent = {}) => oauth.call('PATCH', `/${id}`, { ...sent, body });

  it('come with it, are shown, changed and taken away', async () => {
    const [one, other] = [setOf(['reports:read']), setOf(['scans:write'])];
    const { status, body } = await register([one, one]);
    expect([status, body.scopes, body.scope_sets]).toEqual([201, ['assets:read'], [one]]);
    expect((await change(body.id, { scope_sets: [one, other] })).body.scope_sets).toEqual([one, other]);
    expect(oauth.settled.at(-1)).toMatchObject({ kind: 'client', id: body.id });
    expect((await change(body.id, { scope_sets: [] })).body.scope_sets).toEqual([]);
    expect((await oauth.call('GET', `/${body.id}`)).body.scope_sets).toEqual([]);
  });

  it('must be the workspace’s and there; one that was deleted later may stay', async () => {
    const there = setOf(['reports:read']);
    const elsewhere = setOf(['reports:read'], workspaceId('01900000-0000-7000-8000-0000000000e9'));
    for (const unknown of [randomUUID(), elsewhere, setOf([])]) {
      const refusal = { status: 400, body: { code: 'scope_set.unknown', field: 'scope_sets.1' } };
      expect(await register([there, unknown])).toMatchObject(refusal);
    }
    const { id } = (await register([there])).body;
    oauth.put(there, { kind: 'scope_set', workspaceId: oauth.workspace, scopes: [] });
    const next = setOf(['scans:write']);
    expect((await change(id, { scope_sets: [there, next] })).status).toBe(200);
    expect((await change(id, { scope_sets: [next] })).status).toBe(200);
    expect((await change(id, { scope_sets: [there] })).status).toBe(400);
    expect(await register(Array(21).fill(there))).toMatchObject({ status: 400, body: { field: 'scope_sets' } });
  });

  it('hold nothing that whoever attaches them has not (C18)', async () => {
    const weak = { as: oauth.addKey({ scopes: ['oauth:read', 'oauth:write', 'assets:read'] }).shown };
    const [held, wide] = [setOf(['assets:read']), setOf(['assets:read', 'users:write'])];
    const refusal = { status: 403, body: { code: 'client.exceeds_grantor', field: 'scope_sets' } };
    expect((await register([held], weak)).status).toBe(201);
    expect(await register([wide], weak)).toMatchObject(refusal);
    const { id } = (await register([wide])).body;
    expect(await oauth.call('POST', `/${id}/rotate-secret`, { ...weak, body: {} })).toMatchObject(refusal);
    await oauth.call('POST', `/${id}/suspend`);
    expect(await oauth.call('POST', `/${id}/resume`, weak)).toMatchObject(refusal);
    expect((await change(id, { scope_sets: [] }, weak)).status).toBe(200);
  });

  it('give whoever grants by an application or a key what they hold', async () => {
    const maker = setOf(['oauth:write', 'reports:read']);
    const as = oauth.addKey({ scopes: ['assets:read'], scopeSetIds: [maker] }).shown;
    const granted = await oauth.call('POST', '', { as, body: { name: 'child', scopes: ['reports:read'] } });
    expect(granted.status).toBe(201);
    oauth.put(maker, { kind: 'scope_set', workspaceId: oauth.workspace, scopes: ['oauth:write'] });
    const later = await oauth.call('POST', '', { as, body: { name: 'child', scopes: ['reports:read'] } });
    expect(later).toMatchObject({ status: 403, body: { code: 'client.exceeds_grantor' } });
  });
});

describe('an access token of an application with scope sets (S4-13)', () => {
  let service: TokenService;
  beforeAll(async () => {
    service = await TokenService.start();
  });
  afterAll(() => service.stop());

  it('is issued for what they hold at that time', async () => {
    service.setScopeSet('reports', ['reports:read']);
    const client = await service.register({ scopes: ['assets:read'], scopeSetIds: ['reports'] });
    const scopes = async (scope?: string) => {
      const { status, body } = await service.token(client, scope === undefined ? {} : { scope });
      return status === 200 ? body.scope : body.error;
    };
    expect(await scopes()).toBe('assets:read reports:read');
    expect(await scopes('reports:read')).toBe('reports:read');
    service.setScopeSet('reports', ['scans:write']);
    expect(await scopes()).toBe('assets:read scans:write');
    expect(await scopes('reports:read')).toBe('invalid_scope');
    service.setScopeSet('reports', []);
    expect(await scopes()).toBe('assets:read');
  });
});
