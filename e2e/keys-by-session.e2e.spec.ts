import { eventually } from '@latchkey/testing';
import { accessToken, credentialsOf, postForm, registerApplication } from './harness/applications';
import { call, callerOf } from './harness/http';
import { startPopulated, type Person, type Populated } from './harness/people';
import { WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

const START_MS = 180_000;

interface KeyRecord {
  readonly id: string;
  readonly key: string;
  readonly created_by: string;
}

describe.each(WAYS_OF_RUNNING)('keys of people who sign in, on %s', (way) => {
  let populated: Populated;
  let tester: Tester;
  let asOwner: ReturnType<typeof callerOf>;
  let people: { readonly ada: Person; readonly grace: Person; readonly auditor: Person; readonly admin: Person };
  let keys: { readonly ada: KeyRecord; readonly grace: KeyRecord };
  beforeAll(async () => {
    populated = await startPopulated(way, 's4e');
    tester = new Tester(populated.system);
    asOwner = callerOf(populated.system.url, await populated.signInOwner());
    const [ada, grace] = [await populated.join('member'), await populated.join('member')];
    people = { ada, grace, auditor: await populated.join('auditor'), admin: await populated.join('admin') };
    keys = { ada: await createByCookie(ada), grace: await createByCookie(grace) };
  }, START_MS);
  afterAll(() => populated?.stop(), START_MS);

  const as = ({ token }: Person) => callerOf(populated.system.url, token);
  /** As a browser does it. */
  const createByCookie = async ({ token }: Person): Promise<KeyRecord> => {
    const answer = await call(populated.system.url, {
      method: 'POST',
      path: '/api/v1/api-keys',
      headers: { cookie: `token=${token}`, 'sec-fetch-site': 'same-origin' },
      body: { name: 'mine', scopes: ['read:assets', 'write:assets'] },
    });
    if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return answer.json<KeyRecord>();
  };
  const ids = async (caller: ReturnType<typeof callerOf>) =>
    (await caller('GET', '/api/v1/api-keys?limit=200')).json<{ items: KeyRecord[] }>().items.map(({ id }) => id);
  const change = async (person: Person, method: string, suffix = '', body?: object) =>
    (await asOwner(method, `/api/v1/users/${person.userId}${suffix}`, body)).status;
  const policy = async (former_members_keys: 'end' | 'stay') =>
    (await asOwner('PATCH', '/api/v1/workspaces/current', { former_members_keys })).status;
  const writes = ({ key }: KeyRecord) => tester.checks(key, { scopes: ['write:assets'] });
  const reads = ({ key }: KeyRecord) => tester.checks(key, { scopes: ['read:assets'] });
  const everywhere = (answer: string) => tester.everywhere(answer);

  it('S4-13 a key, an application and a member have what their scope set holds, at every node, till it holds it no more', async () => {
    const { system } = populated;
    const create = await tester.asAdmin('POST', '/api/v1/scope-sets', {
      ...{ name: 'Auditing', description: 'For who looks at what happened.', scopes: ['audit:read', 'users:write'] },
    });
    expect(create.status).toBe(201);
    const { id } = create.json<{ id: string }>();
    const made = await asOwner('POST', '/api/v1/api-keys', { name: 'a', scopes: ['read:assets'], scope_sets: [id] });
    const application = await registerApplication(system.url, system.adminKey, {
      ...{ scopes: ['assets:read'], scope_sets: [id], plan: 'unlimited' },
    });
    const token = await accessToken(system.url, application);
    const member = people.grace;
    expect(await change(member, 'PATCH', '', { scope_sets: [id] })).toBe(200);

    const all = [made.json<KeyRecord>().key, token, member.token];
    const answers = (scope: string) => Promise.all(all.map((shown) => tester.checks(shown, { scopes: [scope] })));
    const ofAll = (answer: string) => all.map(() => everywhere(answer));
    expect(await answers('audit:read')).toEqual(ofAll('200'));
    expect(await answers('users:write')).toEqual(ofAll('200'));
    expect((await as(member)('GET', '/api/v1/audit-events')).status).toBe(200);
    const introspected = async () =>
      (await postForm(system.url, '/oauth/introspect', { ...credentialsOf(application), token })).json<{
        scope: string;
      }>().scope;
    expect((await introspected()).split(' ').sort()).toEqual(['assets:read', 'audit:read', 'users:write']);

    const path = `/api/v1/scope-sets/${id}`;
    expect((await tester.asAdmin('PATCH', path, { scopes: ['audit:read'] })).status).toBe(200);
    expect(await answers('users:write')).toEqual(ofAll('403 scope_missing'));
    expect(await answers('audit:read')).toEqual(ofAll('200'));
    expect((await introspected()).split(' ').sort()).toEqual(['assets:read', 'audit:read']);
    expect((await as(member)('PATCH', path, { scopes: ['admin'] })).status).toBe(403);

    expect((await tester.asAdmin('DELETE', path)).status).toBe(204);
    expect(await answers('audit:read')).toEqual(ofAll('403 scope_missing'));
    expect(await answers('read:assets')).toEqual(ofAll('200'));
    expect(await change(member, 'PATCH', '', { scope_sets: [] })).toBe(200);
    const scopes = (await as(member)('GET', '/api/v1/scopes')).json<{ items: { name: string }[] }>().items;
    expect(scopes.map(({ name }) => name)).toContain('audit:read');
  });

  it('S1-02 S1-13 S2-01 a key that a member made by cookie is theirs, in their workspace, and seen by no other member', async () => {
    const { ada, grace } = people;
    expect(keys.ada.created_by).toBe(ada.userId);
    const { workspace_id: workspace } = (await as(ada)('GET', '/api/v1/me')).json<{ workspace_id: string }>();
    const checked = await tester.checkAt(populated.system.url, keys.ada.key, { scopes: ['read:assets'] });
    expect(checked.json()).toMatchObject({
      allowed: true,
      principal: { user_id: ada.userId, workspace_id: workspace },
    });
    expect([await ids(as(ada)), await ids(as(grace))]).toEqual([[keys.ada.id], [keys.grace.id]]);
    expect((await as(grace)('DELETE', `/api/v1/api-keys/${keys.ada.id}`)).status).toBe(404);
    expect(await ids(asOwner)).toEqual(expect.arrayContaining([keys.ada.id, keys.grace.id]));
  });

  it('its making is in the audit log as its user’s doing', async () => {
    const byAda = () => asOwner('GET', `/api/v1/audit-events?actor=${people.ada.userId}&limit=200`);
    await eventually(
      async () =>
        expect((await byAda()).json<{ items: object[] }>().items).toContainEqual(
          expect.objectContaining({ type: 'latchkey.key.created.v1' }),
        ),
      { timeoutMs: 20_000 },
    );
  });

  it('C18 a session grants and administers what its user’s role allows', async () => {
    const { ada, auditor, admin } = people;
    const statuses = async (method: string, path: string, body?: object) =>
      Promise.all([ada, auditor, admin].map(async (person) => (await as(person)(method, path, body)).status));
    expect(await statuses('POST', '/api/keys', { name: 'key', scopes: ['admin'] })).toEqual([403, 403, 201]);
    for (const path of ['/api/v1/scopes', '/api/v1/plans', '/api/v1/users', '/api/v1/me', '/api/keys']) {
      expect([path, await statuses('GET', path)]).toEqual([path, [200, 200, 200]]);
    }
    expect(await statuses('GET', '/api/v1/audit-events')).toEqual([403, 200, 200]);
    expect((await as(auditor)('GET', '/api/v1/me')).json()).toMatchObject({ kind: 'session', role: 'auditor' });
  });

  it('S1-02 a key gives no more than its member’s role once a change of that has answered', async () => {
    expect(await writes(keys.ada)).toEqual(everywhere('200'));
    expect(await change(people.ada, 'PATCH', '', { role: 'auditor' })).toBe(200);
    expect(await writes(keys.ada)).toEqual(everywhere('403 scope_missing'));
    expect(await reads(keys.ada)).toEqual(everywhere('200'));
    expect(await change(people.ada, 'PATCH', '', { role: 'member' })).toBe(200);
    expect(await writes(keys.ada)).toEqual(everywhere('200'));
  });

  it('S1-02 a member’s keys and sessions are denied on every node once a suspension has answered, and pass again after it', async () => {
    expect(await reads(keys.grace)).toEqual(everywhere('200'));
    expect(await change(people.grace, 'POST', '/suspend')).toBe(200);
    expect(await reads(keys.grace)).toEqual(everywhere('401 suspended'));
    expect(await tester.checks(people.grace.token)).not.toContain('200');
    expect(await change(people.grace, 'POST', '/resume')).toBe(200);
    expect(await reads(keys.grace)).toEqual(everywhere('200'));
  });

  it('S1-02 keys go on as they were granted where the workspace wants that, until it does no more', async () => {
    expect(await policy('stay')).toBe(200);
    await change(people.ada, 'PATCH', '', { role: 'auditor' });
    await change(people.grace, 'DELETE');
    expect([await writes(keys.ada), await writes(keys.grace)]).toEqual([everywhere('200'), everywhere('200')]);
    expect(await policy('end')).toBe(200);
    expect(await writes(keys.ada)).toEqual(everywhere('403 scope_missing'));
    expect(await writes(keys.grace)).toEqual(everywhere('401 suspended'));
  });

  it('C18 whoever was demoted grants what is left, by the session in hand', async () => {
    const { admin } = people;
    expect(await change(admin, 'PATCH', '', { role: 'member' })).toBe(200);
    const grant = async (scope: string) =>
      (await as(admin)('POST', '/api/keys', { name: 'key', scopes: [scope] })).status;
    expect([await grant('admin'), await grant('read:assets')]).toEqual([403, 201]);
  });
});
