import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { secretFromDataDir } from '@latchkey/platform';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { instanceNames } from '../cluster/instances';
import { services } from '../cluster/services';
import { fileOf, secretsOf, tlsFiles, type MadeSecret } from './secrets';

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
  const secret = async (name: string) => (await secretFromDataDir(kept, name)).reveal();
  const [databasePassword, redisPassword] = [await secret('postgres-password'), await secret('redis-password')];
  const values: Readonly<Record<MadeSecret, string>> = {
    DATABASE_URL: `postgres://postgres:${databasePassword}@postgres:5432/postgres`,
    REDIS_URL: `redis://:${redisPassword}@redis:6379`,
    LATCHKEY_PEPPER: await secret('pepper'),
    LATCHKEY_MASTER_KEY: await secret('master-key'),
  };
  for (const service of services) {
    for (const name of secretsOf(service)) {
      await put(path.join(folder, service.name, fileOf(name)), values[name], { mode: OWNER_ONLY, owner });
    }
  }
  await handOutCertificates(folder, path.join(kept, 'certificates'), owner);
  await put(path.join(folder, 'postgres/password'), databasePassword, { mode: EVERYBODY });
  await put(path.join(folder, 'redis/password'), redisPassword, { mode: EVERYBODY });
  await put(path.join(folder, 'redis/redis.conf'), `requirepass ${redisPassword}\n`, { mode: EVERYBODY });
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
