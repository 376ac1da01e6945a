import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { secretFromDataDir } from '@latchkey/platform';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { instanceNames } from '../cluster/instances';
import { services } from '../cluster/services';
import type { BackingName } from './backing';
import { databaseRoles, roleOf } from './database-roles';
import { kafkaUsers } from './kafka-users';
import { redisUsers } from './redis-users';
import { OPERATOR, rights, type Passwords, type Rights } from './rights';
import { fileOf, ROLES_FILE, secretsOf, tlsFiles, type MadeSecret } from './secrets';

export interface HandOutOptions {
  /** Has a folder for each container that gets secrets, by the name of its service, and `kept` for what they are made from. */
  readonly folder: string;
  /** User and group that the services run as. */
  readonly owner: number;
}

/** For its owner alone; the databases' users differ from image to image, so theirs is guarded by who mounts the folder. */
const [OWNER_ONLY, EVERYBODY] = [0o400, 0o444];

/**
 * Makes the secrets of an installation at its first start, and puts into each container's folder what that container needs and no more. At
 * every later start the same again, so that a service that is new gets its own.
 */
export async function handOut({ folder, owner }: HandOutOptions): Promise<void> {
  const kept = path.join(folder, 'kept');
  const made = await makeSecrets(async (name) => (await secretFromDataDir(kept, name)).reveal());
  const give = (holder: string, file: string, text: string) =>
    put(path.join(folder, holder, file), text, { mode: OWNER_ONLY, owner });
  for (const service of services) {
    for (const name of secretsOf(service)) await give(service.name, fileOf(name), made.valuesOf(service.name)[name]);
  }
  await give('rights', fileOf('DATABASE_URL'), databaseUrl('postgres', made.superuser));
  await give('rights', fileOf('KAFKA_LOGIN'), made.valuesOf(OPERATOR).KAFKA_LOGIN);
  await give('rights', ROLES_FILE, databaseRoles(rights, made.postgres));
  const giveOther = (file: string, text: string) => put(path.join(folder, file), text, { mode: EVERYBODY });
  await giveOther('postgres/password', made.superuser);
  await giveOther('redis/password', made.redis[OPERATOR] ?? '');
  await giveOther('redis/users.acl', redisUsers(rights, made.redis));
  await giveOther('kafka/users.conf', kafkaUsers(made.kafka));
  await handOutCertificates(folder, path.join(kept, 'certificates'), owner);
}

const databaseUrl = (user: string, password = '') => `postgres://${user}:${password}@postgres:5432/postgres`;

/** Every secret of the installation, and what each service is told of them. */
async function makeSecrets(secret: (name: string) => Promise<string>) {
  const passwords = async (holder: BackingName, users: readonly string[]): Promise<Passwords> => {
    const each = users.map(async (user) => [user, await secret(`${holder}-password-${user}`)] as const);
    return Object.fromEntries(await Promise.all(each));
  };
  const having = (...some: readonly (keyof Rights)[]) =>
    Object.keys(rights).filter((service) => some.some((right) => rights[service]?.[right] !== undefined));
  const superuser = await secret('postgres-password');
  const postgres = await passwords('postgres', having('schema'));
  const redis = await passwords('redis', [OPERATOR, ...having('liveState')]);
  const kafka = await passwords('kafka', [OPERATOR, ...having('writes', 'reads')]);
  const [pepper, masterKey] = [await secret('pepper'), await secret('master-key')];
  const valuesOf = (user: string): Readonly<Record<MadeSecret, string>> => ({
    DATABASE_URL: databaseUrl(roleOf(user), postgres[user]),
    REDIS_URL: `redis://${user}:${redis[user]}@redis:6379`,
    KAFKA_LOGIN: `${user}:${kafka[user]}`,
    LATCHKEY_PEPPER: pepper,
    LATCHKEY_MASTER_KEY: masterKey,
  });
  return { superuser, postgres, redis, kafka, valuesOf };
}

/**
 * New at every start, of the one authority; a service that runs reads them again by itself. The edge gets the authority alone: with a
 * certificate of its own, whoever calls it would be taken for a part of the installation.
 */
async function handOutCertificates(folder: string, dir: string, owner: number): Promise<void> {
  await makeCertificates({
    dir,
    services: Object.fromEntries(services.map((service) => [service.name, instanceNames(service)])),
  });
  for (const { name } of services) {
    const { cert, key, ca } = certificateFilesOf(dir, name);
    for (const [part, file] of Object.entries({ ca, cert, key }) as [keyof typeof tlsFiles, string][]) {
      await put(path.join(folder, name, tlsFiles[part]), await readFile(file, 'utf8'), { mode: OWNER_ONLY, owner });
    }
  }
  const { ca } = certificateFilesOf(dir, 'edge');
  await put(path.join(folder, 'edge', tlsFiles.ca), await readFile(ca, 'utf8'), { mode: OWNER_ONLY, owner });
}

/** All at once or not at all, as a container may be reading. */
async function put(file: string, text: string, { mode, owner }: { mode: number; owner?: number }): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(path.dirname(file), { recursive: true });
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  await chmod(draft, mode);
  if (owner !== undefined) await chown(draft, owner, owner);
  await rename(draft, file);
}
