import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeAuthority, makeCertificate, type Certificate } from './make-certificates';

/** Each with the further names and addresses that it may be reached by. */
export type ServiceHosts = Readonly<Record<string, readonly string[]>>;

export interface CertificateFilesOptions {
  readonly dir: string;
  readonly services: ServiceHosts;
  /** How long the services' certificates are good for; 365 when absent. The authority's is for ten years. */
  readonly days?: number;
}

/** Files of one service, as `LATCHKEY_TLS_CERT`, `LATCHKEY_TLS_KEY` and `LATCHKEY_TLS_CA` name them. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const DAYS = 365;
const [OWNER_ONLY, EVERYBODY] = [0o600, 0o644];

export const certificateFilesOf = (dir: string, service: string): CertificateFiles => ({
  cert: path.join(dir, service, 'cert.pem'),
  key: path.join(dir, service, 'key.pem'),
  ca: path.join(dir, 'ca.pem'),
});

/**
 * A certificate for each service: `<dir>/<service>/cert.pem` and `key.pem`. The authority is made once (`ca.pem`, and `ca-key.pem`, which
 * no service needs); the services' certificates are new at every call, so to call it again renews them.
 */
export async function makeCertificates({ dir, services, days = DAYS }: CertificateFilesOptions): Promise<void> {
  const authority = await authorityOf(dir);
  for (const [name, hosts] of Object.entries(services)) {
    const files = certificateFilesOf(dir, name);
    const { cert, key } = await makeCertificate(authority, { name, hosts, days });
    await put(files.key, key, OWNER_ONLY);
    await put(files.cert, cert, EVERYBODY);
  }
}

async function authorityOf(dir: string): Promise<Certificate> {
  const [certFile, keyFile] = [path.join(dir, 'ca.pem'), path.join(dir, 'ca-key.pem')];
  try {
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  } catch (error) {
    if (Reflect.get(Object(error) as object, 'code') !== 'ENOENT') throw error;
  }
  const made = await makeAuthority();
  await put(keyFile, made.key, OWNER_ONLY);
  await put(certFile, made.cert, EVERYBODY);
  return made;
}

/** All at once or not at all, as a service may be reading. */
async function put(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(path.dirname(file), { recursive: true });
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode, flag: 'wx' });
  await chmod(draft, mode);
  await rename(draft, file);
}
