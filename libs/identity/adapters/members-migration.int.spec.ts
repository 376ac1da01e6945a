import { openDatabase } from '@latchkey/event-store';
import { freshDatabase } from '@latchkey/testing';
import { identityMigrations } from './identity-migrations';
import { CreateMembers1763760000000 } from './members-migration';

describe('an installation that is older than members', () => {
  it('has its owner as a member, reachable at the same address, and bodies with what came later', async () => {
    const database = await freshDatabase();
    const open = (migrations: typeof identityMigrations) =>
      openDatabase({ url: database.url, schema: 'identity', migrations, applicationName: 'identity-test' });
    try {
      const before = await open(identityMigrations.slice(0, identityMigrations.indexOf(CreateMembers1763760000000)));
      await before.query(`
        INSERT INTO user_contact VALUES ('u', 'Admin@B.example');
        INSERT INTO subject_state VALUES
          ('workspace', 'w', 1, '{"kind": "workspace", "status": "active", "name": "First", "profile": "s4e"}'),
          ('user', 'u', 3, '{"kind": "user", "status": "active", "roles": {"w": "owner"}}');
        INSERT INTO events VALUES ('u', 1, '01900000-0000-7000-8000-000000000001', 'latchkey.user.registered.v1', '{}',
          '{"actorId": "installation", "workspaceId": "w", "requestId": "first-start", "at": "2026-04-28T12:00:00.123Z"}');
      `);
      await before.destroy();

      const dataSource = await open(identityMigrations);
      const select = (statement: string) => dataSource.query<object[]>(statement);
      expect(await select('SELECT number, email, canonical_email, name FROM user_contact')).toEqual([
        { number: 1, email: 'Admin@B.example', canonical_email: 'admin@b.example', name: null },
      ]);
      expect(await select('SELECT * FROM workspace_member')).toEqual([
        {
          ...{ workspace_id: 'w', user_id: 'u', role: 'owner', suspended: false, scope_set_ids: [] },
          joined_at: new Date('2026-04-28T12:00:00.123Z'),
        },
      ]);
      expect(await select('SELECT version, body FROM subject_state ORDER BY kind')).toEqual([
        { version: 3, body: { kind: 'user', status: 'active', roles: { w: 'owner' }, sessionGeneration: 0 } },
        {
          version: 1,
          body: {
            ...{ kind: 'workspace', status: 'active', name: 'First', profile: 's4e' },
            ...{ formerMembersKeys: 'end', secondFactor: 'optional' },
          },
        },
      ]);
      await dataSource.destroy();
    } finally {
      await database.drop();
    }
  });
});
