import type { ServiceSpec } from '../cluster/services';

/** Where a container finds its secrets. */
export const SECRETS_DIR = '/secrets';

/** Secrets that the installation makes for itself, by the variable that names them. */
export const madeSecrets = [
  'DATABASE_URL',
  'REDIS_URL',
  'KAFKA_LOGIN',
  'LATCHKEY_PEPPER',
  'LATCHKEY_MASTER_KEY',
] as const;
export type MadeSecret = (typeof madeSecrets)[number];

/** Of those, what a service gets. */
export const secretsOf = ({ variables }: ServiceSpec): readonly MadeSecret[] =>
  madeSecrets.filter((name) => variables.includes(name));

/** Name of the file that holds a secret: `database-url`. */
export const fileOf = (secret: MadeSecret): string =>
  secret
    .replace(/^LATCHKEY_/, '')
    .replaceAll('_', '-')
    .toLowerCase();

/** Of the container that gives the services their rights: what a superuser has to run at Postgres. */
export const ROLES_FILE = 'roles.sql';

/** What a container has to speak TLS with. */
export const tlsFiles = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;
