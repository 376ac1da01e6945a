import { IssuedSecrets } from '@latchkey/event-store';
import { requestId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { IssuedClients } from './adapters/issued-clients';
import type { ClientSafeguards } from './adapters/postgres-client-store';
import type { Caller } from './application/caller';
import { Grantors } from './application/grantors';
import { RegisterClientHandler } from './application/register-client.handler';
import { ApplicationService, type Sent } from './testing/application-service';

const body = { name: 'Nightly import', scopes: ['assets:read'] };

describe('C18: who may register and change OAuth applications', () => {
  let oauth: ApplicationService;
  beforeAll(async () => {
    oauth = await ApplicationService.start();
  });
  afterAll(() => oauth.stop());

  const register = (sent: Sent & { readonly with?: object } = {}) =>
    oauth.call('POST', '', { ...sent, body: { ...body, ...sent.with } });
  const registered = async (sent: Sent & { readonly with?: object } = {}) => (await register(sent)).body;
  const outcome = (reply: { status: number; body: { code?: string; field?: string } }) => [
    reply.status,
    reply.body.code,
    reply.body.field,
  ];

  const registering = (confirmed: boolean, safeguards: ClientSafeguards = {}) =>
    new RegisterClientHandler(
      oauth.store(safeguards),
      new IssuedClients(new IssuedSecrets(oauth.dataSource, 'client_id'), new PostgresSubjects(oauth.dataSource)),
      new Grantors(oauth, oauth.clock, { confirmed }),
      ...([new CryptoRandomness(), new UuidV7Source(), oauth.clock] as const),
    );
  const callerBy = (presented: Caller['presented'], userId = oauth.owner): Caller => ({
    ...{ presented, userId, workspaceId: oauth.workspace, ip: '127.0.0.1', requestId: requestId('r') },
  });

  it('nobody without a credential, nor with one that lacks the scope', async () => {
    const reader = oauth.addKey({ scopes: ['oauth:read', 'assets:read'] }).shown;
    const { id } = await registered();
    expect((await register({ as: '' })).status).toBe(401);
    expect((await register({ as: 'nobody' })).status).toBe(401);
    expect(await oauth.call('GET', '', { as: reader })).toMatchObject({ status: 200 });
    expect(await oauth.call('GET', `/${id}`, { as: reader })).toMatchObject({ status: 200 });
    const writes = [
      register({ as: reader }),
      oauth.call('PATCH', `/${id}`, { as: reader, body: { name: 'x' } }),
      oauth.call('DELETE', `/${id}`, { as: reader }),
      ...['rotate-secret', 'suspend', 'resume', 'end-tokens'].map((what) =>
        oauth.call('POST', `/${id}/${what}`, { as: reader }),
      ),
    ];
    for (const reply of await Promise.all(writes)) expect(reply.body).toMatchObject({ status: 403 });
    const writer = oauth.addKey({ scopes: ['oauth:write', 'assets:read'] }).shown;
    expect((await oauth.call('GET', '', { as: writer })).status).toBe(403);
  });

  it('by role: owners and admins, auditors to read, members not', async () => {
    const by = async (role: 'admin' | 'auditor' | 'member') => {
      const as = oauth.openSession(oauth.addMember(role));
      return [(await oauth.call('GET', '', { as })).status, (await register({ as })).status];
    };
    expect([await by('admin'), await by('auditor'), await by('member')]).toEqual([
      ...[
        [200, 201],
        [200, 403],
        [403, 403],
      ],
    ]);
  });

  it.each<[string, Parameters<ApplicationService['addKey']>[0], object, string | undefined]>([
    ['a scope', { scopes: ['oauth:write', 'assets:write'] }, {}, 'scopes'],
    ['a plan', { plan: 'standard' }, { plan: 'premium' }, 'plan'],
    ['an asset', { assets: ['a.example'] }, { assets: ['b.example'] }, 'assets'],
    ['all assets', { assets: ['a.example'] }, { assets: 'all' }, 'assets'],
    ['to last for ever', { expiresAtMs: Date.UTC(2027, 0) }, {}, undefined],
  ])('a key registers nothing that has what it lacks: %s', async (_what, key, more, field) => {
    const reply = await register({ as: oauth.addKey(key).shown, with: more });
    expect(outcome(reply)).toEqual([403, 'client.exceeds_grantor', field]);
  });

  it('a key behind a list of addresses registers nothing that may be used elsewhere, and by itself what may be used there', async () => {
    const { shown: as } = oauth.addKey({ allowedIps: ['127.0.0.0/8'], assets: ['a.example'] });
    expect(outcome(await register({ as, with: { allowed_ips: [] } }))).toEqual([
      ...[403, 'client.exceeds_grantor', 'allowed_ips'],
    ]);
    expect(await registered({ as })).toMatchObject({ allowed_ips: ['127.0.0.0/8'], assets: ['a.example'] });
  });

  it('the plan unlimited is an owner’s to grant (C23)', async () => {
    const admin = oauth.openSession(oauth.addMember('admin'));
    expect(outcome(await register({ as: admin, with: { plan: 'unlimited' } }))).toEqual([
      ...[403, 'client.exceeds_grantor', 'plan'],
    ]);
    expect((await register({ with: { plan: 'unlimited' } })).status).toBe(201);
  });

  it('an access token registers what it was issued for, and no more than its client has', async () => {
    const { id } = await registered({ with: { scopes: ['oauth:write', 'assets:read', 'scans:read'] } });
    const as = oauth.addToken(id, 'oauth:write assets:read');
    expect(await registered({ as })).toMatchObject({ created_by: oauth.owner, scopes: ['assets:read'] });
    expect(outcome(await register({ as, with: { scopes: ['scans:read'] } }))).toEqual([
      ...[403, 'client.exceeds_grantor', 'scopes'],
    ]);
    await oauth.call('POST', `/${id}/end-tokens`);
    expect((await register({ as })).status).toBe(401);
  });

  describe('many access tokens at once, each looked at again by a connection beside the one that writes', () => {
    const fortyAtOnce = async (turns: boolean) => {
      const { id } = await registered({ with: { scopes: ['oauth:write', 'assets:read'] } });
      const caller = callerBy(oauth.presentedBy(oauth.addToken(id, 'oauth:write assets:read')));
      const handler = registering(true, { turns });
      const all = Array.from({ length: 40 }, () => handler.execute(body, caller, null));
      return (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;
    };

    it('find one', async () => expect(await fortyAtOnce(true)).toBe(40));

    it('would wait for each other’s, if writes took all', async () =>
      expect(await fortyAtOnce(false)).toBeLessThan(40));
  });

  it('another user may narrow an application, suspend and delete it, but is not shown its secret and gives it no more', async () => {
    const { id } = await registered({ with: { scopes: ['assets:read', 'scans:read'] } });
    const as = oauth.openSession(oauth.addMember('admin'));
    const patch = (sent: object) => oauth.call('PATCH', `/${id}`, { as, body: sent });
    expect(outcome(await oauth.call('POST', `/${id}/rotate-secret`, { as }))).toEqual([
      403,
      'auth.forbidden',
      undefined,
    ]);
    expect(outcome(await patch({ token_lifetime_seconds: 86_400 }))).toEqual([403, 'auth.forbidden', undefined]);
    expect(outcome(await patch({ scopes: ['findings:read'] }))).toEqual([403, 'auth.forbidden', undefined]);
    expect(await patch({ scopes: ['assets:read'], name: 'Less' })).toMatchObject({ status: 200 });
    for (const what of ['suspend', 'resume', 'end-tokens']) {
      expect(await oauth.call('POST', `/${id}/${what}`, { as })).toMatchObject({ status: 200 });
    }
    expect((await oauth.call('DELETE', `/${id}`, { as })).status).toBe(204);
  });

  it('a credential that has less than an application does not resume it', async () => {
    const { id } = await registered({ with: { scopes: ['scans:read'] } });
    await oauth.call('POST', `/${id}/suspend`);
    const as = oauth.addKey({ scopes: ['oauth:write'] }).shown;
    expect(outcome(await oauth.call('POST', `/${id}/resume`, { as }))).toEqual([
      ...[403, 'client.exceeds_grantor', 'scopes'],
    ]);
  });

  describe('what its maker loses before the commit', () => {
    /** By a key that is narrowed right after oauth has asked what it has. */
    const byNarrowedKey = (confirmed: boolean) => {
      const { id } = oauth.addKey({ scopes: ['oauth:write', 'assets:read'] });
      oauth.afterAnswerOn('user', () => oauth.change('key', id, { scopes: ['oauth:write'] }));
      const presented = { workspaceId: oauth.workspace, keyId: id, secretNumber: 1 } as Caller['presented'];
      return registering(confirmed).execute(body, callerBy(presented), null);
    };

    /** By the session of an admin who is made a member meanwhile. */
    const byDemoted = (confirmed: boolean) => {
      const user = oauth.addMember('admin');
      const shown = oauth.openSession(user);
      oauth.afterAnswerOn('user', () => oauth.setRole(user, 'member'));
      return registering(confirmed).execute(body, callerBy(oauth.presentedBy(shown), user), null);
    };

    const applications = async () => {
      const [row] = await oauth.dataSource.query<{ count: string }[]>('SELECT count(*) FROM client_list');
      return Number(row?.count);
    };

    it('an application has not: it is not registered', async () => {
      const before = await applications();
      await expect(byNarrowedKey(true)).rejects.toMatchObject({ code: 'auth.forbidden' });
      await expect(byDemoted(true)).rejects.toMatchObject({ code: 'auth.unauthorized' });
      expect(await applications()).toBe(before);
    });

    it('an application would have, if its maker were not looked at again', async () => {
      expect((await byNarrowedKey(false)).kind).toBe('issued');
      expect((await byDemoted(false)).kind).toBe('issued');
    });

    it('before oauth has asked at all grants nothing', async () => {
      const { id } = oauth.addKey();
      oauth.change('key', id, { secrets: [{ number: 2, graceUntilMs: null }] });
      const presented = { workspaceId: oauth.workspace, keyId: id, secretNumber: 1 } as Caller['presented'];
      await expect(registering(true).execute(body, callerBy(presented), null)).rejects.toMatchObject({
        code: 'auth.unauthorized',
      });
    });
  });
});
