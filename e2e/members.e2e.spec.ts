import { call, callerOf } from './harness/http';
import { signIn } from './harness/accounts';
import { OWNER, startSystem, WAYS_OF_RUNNING, type System } from './harness/system';

const START_MS = 120_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}
interface User {
  readonly id: string;
  readonly email: string;
}
interface Invitation {
  readonly id: string;
  readonly email: string;
}

describe.each(WAYS_OF_RUNNING)('members and invitations over HTTP, %s', (way) => {
  let system: System;
  let asAdmin: ReturnType<typeof callerOf>;
  let asNeighbour: ReturnType<typeof callerOf>;
  beforeAll(async () => {
    system = await startSystem(way, { profile: 'zshield', neighbour: 's4e' });
    asAdmin = callerOf(system.url, system.adminKey);
    asNeighbour = callerOf(system.url, system.neighbourKey ?? '');
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

  const owner = async (as = asAdmin): Promise<User> => {
    const [first] = (await as('GET', '/api/v1/users')).json<Page<User>>().items;
    if (!first) throw new Error('no user is listed');
    return first;
  };
  const keyWith = async (scopes: readonly string[]) => {
    const answer = await asAdmin('POST', '/api/v1/api-keys', { name: 'narrow', scopes });
    return callerOf(system.url, answer.json<{ key: string }>().key);
  };

  it('the owner of the first start is a member, with the address that was configured', async () => {
    const user = await owner();
    expect(user).toEqual({
      ...{ id: expect.any(String), email: 'admin@localhost.localdomain', name: null, role: 'owner', status: 'active' },
      scope_sets: [],
      joined_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect((await asAdmin('GET', `/api/v1/users/${user.id}`)).json()).toEqual(user);
  });

  it('the last owner stays one, and 409 says why', async () => {
    const { id } = await owner();
    const attempts = [
      await asAdmin('PATCH', `/api/v1/users/${id}`, { role: 'admin' }),
      await asAdmin('POST', `/api/v1/users/${id}/suspend`),
      await asAdmin('DELETE', `/api/v1/users/${id}`),
    ];
    for (const answer of attempts) {
      expect(answer.status).toBe(409);
      expect(answer.json()).toMatchObject({ code: 'member.last_owner' });
    }
    expect((await asAdmin('POST', `/api/v1/users/${id}/resume`)).status).toBe(200);
  });

  it('an invitation is made, listed and withdrawn; its token is shown to nobody', async () => {
    const made = await asAdmin('POST', '/api/v1/invitations', { email: 'Ada@Example.com', role: 'auditor' });
    expect(made.status).toBe(201);
    const invitation = made.json<Invitation>();
    expect(invitation).toEqual({
      ...{ id: expect.any(String), email: 'Ada@Example.com', role: 'auditor', invited_by: (await owner()).id },
      ...{ created_at: expect.any(String), expires_at: expect.any(String) },
    });
    expect((await asAdmin('GET', '/api/v1/invitations')).json<Page<Invitation>>().items).toEqual([invitation]);
    expect((await asNeighbour('DELETE', `/api/v1/invitations/${invitation.id}`)).status).toBe(404);
    expect((await asAdmin('DELETE', `/api/v1/invitations/${invitation.id}`)).status).toBe(204);
    expect((await asAdmin('GET', '/api/v1/invitations')).json()).toEqual({ items: [], next_cursor: null });
  });

  it('a list is paged by cursors that fit no other list', async () => {
    for (const name of ['a', 'b', 'c']) {
      await asAdmin('POST', '/api/v1/invitations', { email: `${name}@example.com`, role: 'member' });
    }
    const first = (await asAdmin('GET', '/api/v1/invitations?limit=2')).json<Page<Invitation>>();
    const rest = await asAdmin('GET', `/api/v1/invitations?limit=2&cursor=${first.next_cursor}`);
    expect([...first.items, ...rest.json<Page<Invitation>>().items].map(({ email }) => email)).toEqual(
      ['a', 'b', 'c'].map((name) => `${name}@example.com`),
    );
    for (const refused of [
      await asAdmin('GET', `/api/v1/users?cursor=${first.next_cursor}`),
      await asNeighbour('GET', `/api/v1/invitations?cursor=${first.next_cursor}`),
    ]) {
      expect(refused.status).toBe(400);
    }
  });

  it('what is wrong with a request is said by the name of the field', async () => {
    const { id } = await owner();
    const attempts = [
      [await asAdmin('POST', '/api/v1/invitations', { email: 'nobody', role: 'member' }), 'email'],
      [await asAdmin('POST', '/api/v1/invitations', { email: 'a@example.com', role: 'king' }), 'role'],
      [await asAdmin('PATCH', `/api/v1/users/${id}`, { role: 'king' }), 'role'],
      [await asAdmin('PATCH', '/api/v1/workspaces/current', { profile: 's4e' }), 'profile'],
      [await asAdmin('PATCH', '/api/v1/workspaces/current', { name: 'a\u202eb' }), 'name'],
      [await call(system.url, { method: 'POST', path: '/api/v1/invitations/accept', body: {} }), 'token'],
    ] as const;
    for (const [answer, field] of attempts) {
      expect([answer.status, answer.json<{ field?: string }>().field]).toEqual([400, field]);
    }
    const member = await asAdmin('POST', '/api/v1/invitations', {
      email: 'ADMIN@localhost.localdomain',
      role: 'member',
    });
    expect(member.status).toBe(409);
    expect(member.json()).toMatchObject({ code: 'member.exists' });
  });

  it('an invitation is accepted without a credential, by its token alone', async () => {
    const body = { token: 'x'.repeat(43), password: 'seven slow turtles' };
    const answer = await call(system.url, { method: 'POST', path: '/api/v1/invitations/accept', body });
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'invitation.not_found' });
  });

  it('the workspace says how it is set, and is changed', async () => {
    const { id, ...settings } = (await asAdmin('GET', '/api/v1/workspaces/current')).json<{ id: string }>();
    expect(settings).toEqual({
      ...{ name: 'First workspace', profile: 'zshield', former_members_keys: 'end', second_factor: 'optional' },
      ...{ slug: 'zshield', key_policy: { expiry_required: false, max_lifetime_days: null, leaked_keys: 'revoke' } },
    });
    const changes = { name: 'Z Shield', former_members_keys: 'stay' };
    const changed = await asAdmin('PATCH', '/api/v1/workspaces/current', changes);
    expect(changed.json()).toEqual({ id, ...settings, ...changes });
    expect((await asAdmin('GET', '/api/v1/workspaces/current')).json()).toEqual({ id, ...settings, ...changes });
    expect((await asNeighbour('GET', '/api/v1/workspaces/current')).json()).toMatchObject({ name: 'Of neighbour' });
  });

  it('a workspace does not see the users of another one', async () => {
    const [ours, theirs] = [await owner(), await owner(asNeighbour)];
    expect(ours.id).not.toBe(theirs.id);
    for (const path of [`/api/v1/users/${theirs.id}`, '/api/v1/users/nobody']) {
      expect((await asAdmin('GET', path)).status).toBe(404);
      expect((await asAdmin('PATCH', path, { role: 'member' })).status).toBe(404);
    }
  });

  it('the first workspace makes others, of any profile, and its owner goes there and makes their first key', async () => {
    const body = { name: 'The store', profile: 'slaunch', slug: 'store' };
    const session = await signIn(system, OWNER);
    const made = await callerOf(system.url, session)('POST', '/api/v1/workspaces', body);
    expect([made.status, made.json()]).toEqual([201, expect.objectContaining(body)]);
    const { id } = made.json<{ id: string }>();
    const entered = await callerOf(system.url, session)('POST', '/api/v1/sessions/current/workspace', {
      workspace_id: id,
    });
    const asOwner = callerOf(system.url, entered.json<{ token: string }>().token);
    expect((await asOwner('GET', '/api/v1/workspaces')).json<Page<object>>().items).toEqual([
      expect.objectContaining({ profile: 'zshield', role: 'owner' }),
      { id, name: 'The store', profile: 'slaunch', role: 'owner' },
    ]);
    const keys = '/api/v1/api-keys';
    const plain = await asOwner('POST', keys, { name: 'reads', scopes: ['store:read'] });
    // Without an admin key there is none that has to stay.
    expect((await asOwner('DELETE', `${keys}/${plain.json<{ id: string }>().id}`)).status).toBe(204);
    const first = await asOwner('POST', keys, { name: 'administers', scopes: ['admin:full'], plan: 'unlimited' });
    const { id: keyId, key } = first.json<{ id: string; key: string }>();
    const asKey = callerOf(system.url, key);
    expect((await asKey('GET', '/api/v1/workspaces/current')).json()).toMatchObject({ id });
    expect((await asKey('DELETE', `${keys}/${keyId}`)).json()).toMatchObject({ code: 'key.last_admin' });
    expect((await asOwner('DELETE', `${keys}/${keyId}`)).status).toBe(204);
  });

  it('no other workspace makes one, nor a narrow key; what is wrong is said', async () => {
    const one = { name: 'One more', profile: 'slaunch' };
    for (const as of [asNeighbour, await keyWith(['users:write'])]) {
      const refused = await as('POST', '/api/v1/workspaces', one);
      expect([refused.status, refused.json()]).toEqual([403, expect.objectContaining({ code: 'auth.forbidden' })]);
    }
    for (const [wrong, status, said] of [
      [{ profile: 'acme' }, 400, { field: 'profile' }],
      [{ owner: 'nobody' }, 400, { field: 'owner' }],
      [{ slug: 'neighbour' }, 409, { code: 'claim.taken' }],
    ] as const) {
      const refused = await asAdmin('POST', '/api/v1/workspaces', { ...one, ...wrong });
      expect([refused.status, refused.json()]).toEqual([status, expect.objectContaining(said)]);
    }
  });

  it('each route needs its scope, and one’s own workspaces are told to a session alone', async () => {
    const reader = await keyWith(['users:read']);
    const writer = await keyWith(['users:write']);
    const { id } = await owner();
    expect((await reader('GET', '/api/v1/users')).status).toBe(200);
    expect((await writer('GET', '/api/v1/users')).status).toBe(403);
    for (const [method, path, body] of [
      ['PATCH', `/api/v1/users/${id}`, { role: 'admin' }],
      ['POST', `/api/v1/users/${id}/suspend`, undefined],
      ['DELETE', `/api/v1/users/${id}`, undefined],
      ['POST', '/api/v1/invitations', { email: 'z@example.com', role: 'member' }],
    ] as const) {
      expect((await reader(method, path, body)).status).toBe(403);
    }
    for (const role of ['owner', 'auditor']) {
      const invited = await writer('POST', '/api/v1/invitations', { email: 'z@example.com', role });
      expect([invited.status, invited.json()]).toMatchObject([403, { code: 'auth.forbidden' }]);
    }
    const another = await asAdmin('POST', '/api/v1/invitations', { email: 'z@example.com', role: 'owner' });
    expect([another.status, another.json()]).toMatchObject([403, { detail: expect.stringContaining('by a session') }]);
    expect((await writer('PATCH', '/api/v1/workspaces/current', { name: 'Mine' })).status).toBe(403);
    expect((await asAdmin('GET', '/api/v1/workspaces')).status).toBe(403);
  });
});
