import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { handOut } from './hand-out';

describe('secrets of a composition', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-setup-'));
    await give();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const give = () => handOut({ folder, owner: process.getuid?.() ?? 0 });
  const read = (file: string) => readFile(path.join(folder, file), 'utf8');
  const everything = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const name = (entry: (typeof files)[number]) => path.relative(folder, path.join(entry.parentPath, entry.name));
    return Object.fromEntries(await Promise.all(files.map(async (file) => [name(file), await read(name(file))])));
  };

  const tls = ['ca.pem', 'cert.pem', 'key.pem'];

  it('goes to each container as far as that needs it, for its owner alone', async () => {
    expect((await readdir(path.join(folder, 'issuance'))).sort()).toEqual([
      ...[...tls, 'database-url', 'kafka-login', 'master-key', 'pepper', 'redis-url'].sort(),
    ]);
    expect((await readdir(path.join(folder, 'enforcement'))).sort()).toEqual([
      'ca.pem',
      'cert.pem',
      'kafka-login',
      'key.pem',
      'redis-url',
    ]);
    expect(await readdir(path.join(folder, 'edge'))).toEqual(['ca.pem']);
    expect((await stat(path.join(folder, 'issuance/pepper'))).mode & 0o777).toBe(0o400);
  });

  it('fits together', async () => {
    const { username, password } = new URL(await read('audit/database-url'));
    expect(await read('rights/roles.sql')).toContain(`ALTER ROLE ${username} LOGIN NOSUPERUSER`);
    expect(await read('rights/roles.sql')).toContain(`PASSWORD '${password}'`);
    expect(new URL(await read('rights/database-url')).password).toBe(await read('postgres/password'));
    const redis = new URL(await read('enforcement/redis-url'));
    const digest = createHash('sha256').update(redis.password).digest('hex');
    expect(await read('redis/users.acl')).toContain(`user ${redis.username} reset on #${digest} `);
    const [user, login] = (await read('audit/kafka-login')).split(':');
    expect(await read('kafka/users.conf')).toContain(`user_${user}="${login}"`);
    expect(await read('audit/master-key')).toBe(await read('issuance/master-key'));
  });

  it('is a password of its own for every service wherever it logs in, and the superuser is nobody of them', async () => {
    const passwords = await Promise.all([
      ...['identity', 'issuance', 'oauth', 'audit', 'rights'].map(
        async (name) => new URL(await read(`${name}/database-url`)).password,
      ),
      ...['identity', 'issuance', 'oauth', 'enforcement'].map(
        async (name) => new URL(await read(`${name}/redis-url`)).password,
      ),
      ...['identity', 'issuance', 'oauth', 'enforcement', 'audit', 'rights'].map(
        async (name) => (await read(`${name}/kafka-login`)).split(':')[1],
      ),
      read('redis/password'),
    ]);
    expect(new Set(passwords).size).toBe(passwords.length);
    expect(passwords.every((password) => /^[0-9a-f]{64}$/.test(password ?? ''))).toBe(true);
  });

  it('is made once: a later start hands out the same again, but for the certificates, and mends what is missing', async () => {
    const lasting = async () => Object.entries(await everything()).filter(([file]) => !/\/(cert|key)\.pem$/.test(file));
    const [first, certificate] = [await lasting(), await read('audit/cert.pem')];
    await rm(path.join(folder, 'audit'), { recursive: true });
    await give();
    expect(await lasting()).toEqual(first);
    expect(await read('audit/cert.pem')).not.toBe(certificate);
  });

  it('names every node of a service in its certificate', async () => {
    const certificate = new X509Certificate(await read('enforcement/cert.pem'));
    expect(certificate.verify(new X509Certificate(await read('edge/ca.pem')).publicKey)).toBe(true);
    for (const name of ['enforcement-1', 'enforcement-2']) expect(certificate.checkHost(name)).toBe(name);
  });
});
