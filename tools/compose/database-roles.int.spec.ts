import { eventStoreMigrations, openDatabase, projectionMigrations } from '@latchkey/event-store';
import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import { Client } from 'pg';
import { databaseRoles, roleOf } from './database-roles';

// Roles are the whole server's, and other suites share it.
const [owner, other] = [`owner_${process.pid}`, `other_${process.pid}`];
const rights = { [owner]: { schema: 'counters' }, [other]: { schema: 'others' } };

describe('roles of Postgres', () => {
  let database: FreshDatabase;
  let superuser: Client;
  beforeEach(async () => {
    database = await freshDatabase();
    superuser = new Client(database.url);
    await superuser.connect();
  });
  afterEach(async () => {
    for (const name of [owner, other].map(roleOf))
      await superuser.query(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
    await superuser.end();
    await database.drop();
  });

  const give = (password: string) => superuser.query(databaseRoles(rights, { [owner]: password, [other]: password }));
  const urlAs = (service: string, password: string) => {
    const url = new URL(database.url);
    return Object.assign(url, { username: roleOf(service), password }).href;
  };
  const open = (url: string, migrations = eventStoreMigrations) =>
    openDatabase({ url, schema: 'counters', migrations, applicationName: 'roles' });

  it('let a service make and migrate what is in its schema, and see no other', async () => {
    await give('first');
    const dataSource = await open(urlAs(owner, 'first'));
    await dataSource.query(`INSERT INTO claims VALUES ('scope', 'value', 'stream')`);
    await dataSource.query('CREATE TEMPORARY TABLE rebuild (LIKE claims INCLUDING ALL)');
    await expect(dataSource.query('CREATE TABLE others.mine ()')).rejects.toThrow(
      'permission denied for schema others',
    );
    await expect(dataSource.query('CREATE TABLE public.mine ()')).rejects.toThrow(
      'permission denied for schema public',
    );
    await dataSource.destroy();
    await expect(open(urlAs(other, 'first'))).rejects.toThrow('permission denied for schema counters');
  });

  it('take over what a superuser has made, as in an installation from before them', async () => {
    await (await open(database.url)).destroy();
    await give('first');
    const dataSource = await open(urlAs(owner, 'first'), [...eventStoreMigrations, ...projectionMigrations]);
    await dataSource.query(
      'ALTER TABLE outbox ADD COLUMN more text; DROP TRIGGER events_are_only_added ON events; DROP FUNCTION refuse_event_change',
    );
    await dataSource.query(`INSERT INTO outbox (stream_id, version) VALUES ('stream', 1)`);
    await dataSource.destroy();
  });

  it('can be given again: with another password, and without the rights that somebody added', async () => {
    await give('first');
    await superuser.query(`ALTER ROLE ${roleOf(owner)} SUPERUSER`);
    await give('second');
    const client = new Client(urlAs(owner, 'second'));
    await client.connect();
    const { rows } = await client.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
    expect(rows).toEqual([{ rolsuper: false }]);
    await client.end();
    await expect(new Client(urlAs(owner, 'first')).connect()).rejects.toThrow('password authentication failed');
  });
});
