import { PostgresEventStore } from '@latchkey/event-store';
import { isAppError, keyId, type KeyId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { eventually } from '@latchkey/testing';
import { decide } from '../domain/key/decide';
import { gate } from '../testing/gate';
import { issuanceService, type IssuanceService, type Method } from '../testing/issuance-service';
import { PostgresKeyStore } from './postgres-key-store';

const HOUR_MS = 3_600_000;

describe('the last admin key of a workspace', () => {
  let issuance: IssuanceService;
  let admin: { id: string; key: string };
  /** May write keys, and nothing else. */
  let writer: string;
  let workspaces = 0;

  const call = (method: Method, id: string, key: string, body?: object) =>
    issuance.call(method, `/api/v1/api-keys/${id}`, { key, ...(body && { body }) });
  const create = async (fields: object) =>
    (await issuance.call('POST', '/api/v1/api-keys', { key: admin.key, body: { name: 'x', ...fields } })).body;
  const anotherAdmin = (fields: object = {}) => create({ scopes: ['admin:full'], plan: 'unlimited', ...fields });
  const lastAdmin = { status: 409, body: { code: 'key.last_admin' } };

  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterAll(() => issuance.stop());
  beforeEach(async () => {
    workspaces += 1;
    const owner = `01900000-0000-7000-8000-0000000001${10 + workspaces}`;
    const workspace = issuance.identity.add(`01900000-0000-7000-8000-0000000002${10 + workspaces}`, 'zshield', owner);
    const key = await issuance.adminOf(workspace, owner);
    const { body } = await issuance.call('GET', '/api/v1/me', { key });
    admin = { id: body.id, key };
    writer = (await create({ scopes: ['apikeys:write'] })).key;
  });

  it('cannot be revoked, demoted, or tied to addresses, by whomever, and the refusal says what to do', async () => {
    for (const key of [admin.key, writer]) {
      expect(await call('DELETE', admin.id, key)).toMatchObject(lastAdmin);
      expect(await call('DELETE', `${admin.id}.1`, key)).toMatchObject(lastAdmin);
      expect(await call('PATCH', admin.id, key, { scopes: ['alerts:read'] })).toMatchObject(lastAdmin);
      const reply = await call('PATCH', admin.id, key, { allowed_ips: ['192.0.2.1'] });
      expect([reply.status, reply.body.detail]).toEqual([409, expect.stringContaining('Make another admin key')]);
    }
    expect(await issuance.check(admin.key, ['admin:full'])).toBe(200);
    expect((await call('PATCH', admin.id, writer, { name: 'renamed' })).status).toBe(200);
  });

  it('can be rotated, so that a secret that has leaked ends at once', async () => {
    const rotated = await issuance.call('POST', `/api/v1/api-keys/${admin.id}/rotate`, {
      key: admin.key,
      body: { grace_period_hours: 0 },
    });
    expect([await issuance.check(admin.key), await issuance.check(rotated.body.key)]).toEqual([401, 200]);
    expect(await call('DELETE', `${admin.id}.2`, writer)).toMatchObject(lastAdmin);
  });

  it('keeps its new secret when the old one is about to end', async () => {
    await issuance.call('POST', `/api/v1/api-keys/${admin.id}/rotate`, { key: admin.key, body: {} });
    expect(await call('DELETE', `${admin.id}.2`, writer)).toMatchObject(lastAdmin);
    expect((await call('DELETE', `${admin.id}.1`, writer)).status).toBe(204);
  });

  it('can be replaced by another: made with it, and used to revoke it', async () => {
    const next = await anotherAdmin({ allowed_ips: ['127.0.0.0/8'], expires_at: '2027-01-01T00:00:00Z' });
    expect((await call('DELETE', admin.id, next.key)).status).toBe(204);
    expect(await call('DELETE', next.id, next.key)).toMatchObject(lastAdmin);
  });

  it('may go if one like it stays, also when repeated', async () => {
    const other = await anotherAdmin();
    expect((await call('DELETE', admin.id, writer)).status).toBe(204);
    expect((await call('DELETE', admin.id, writer)).status).toBe(204);
    expect(await call('DELETE', other.id, writer)).toMatchObject(lastAdmin);
  });

  it('cannot be brought about by small steps, of one who is no admin', async () => {
    const other = await anotherAdmin();
    expect((await call('PATCH', other.id, writer, { allowed_ips: ['192.0.2.1'] })).status).toBe(200);
    expect(await call('DELETE', admin.id, writer)).toMatchObject(lastAdmin);
  });

  it('is not one that another outlives by an hour only, nor one of another workspace', async () => {
    const soon = new Date(issuance.clock.now().getTime() + HOUR_MS).toISOString();
    const other = await anotherAdmin({ expires_at: soon });
    expect(await call('DELETE', admin.id, writer)).toMatchObject(lastAdmin);
    expect((await call('DELETE', other.id, writer)).status).toBe(204);
  });

  describe('of the last two, revoked at the same time,', () => {
    const revocation = (store: PostgresKeyStore, id: KeyId, beforeCommit?: () => Promise<void>) => {
      const at = issuance.clock.now();
      return store
        .write({
          keyId: id,
          decide: (state) => decide({ type: 'RevokeKey', reason: 'requested', now: at }, state),
          meta: { actorId: 'writer', workspaceId: 'w', requestId: 'test', at },
          ...(beforeCommit && { beforeCommit }),
        })
        .then(
          () => 'revoked',
          (error: unknown) => (isAppError(error) ? error.code : error),
        );
    };
    /** The second one begins when the first one has been allowed, and before it is committed. */
    const both = async (adminTurns: boolean) => {
      const store = new PostgresKeyStore(
        new PostgresEventStore(issuance.dataSource),
        new PostgresSubjects(issuance.dataSource),
        issuance.peppers,
        { adminTurns, requestsOnce: true },
      );
      const other = await anotherAdmin();
      const [arrived, arrive] = gate();
      const [opened, open] = gate();
      const first = revocation(store, keyId(admin.id), async () => {
        arrive();
        await opened;
      });
      await arrived;
      const [allowed, allow] = gate();
      const second = revocation(store, keyId(other.id), async () => allow());
      let isAllowed = false;
      void allowed.then(() => (isAllowed = true));
      await eventually(async () => {
        const [{ waiting }] = await issuance.dataSource.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(isAllowed || waiting > 0).toBe(true);
      });
      open();
      return Promise.all([first, second]);
    };

    it('one stays', async () => expect(await both(true)).toEqual(['revoked', 'key.last_admin']));

    it('both would go if they did not take turns', async () =>
      expect(await both(false)).toEqual(['revoked', 'revoked']));
  });
});
