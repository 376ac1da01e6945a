import { formatRoutes } from '@latchkey/edge';
import { instanceNames, neighbourVariables, routesTo, type Instance } from '../cluster/instances';
import { common, services, variablesOf, type ServiceSpec } from '../cluster/services';
import { backing, MAIL_CATCHER, type BackingName } from './backing';
import { confined, healthcheck, readOnly, type Container } from './container';
import {
  ADMIN_PORT,
  DATA_DIR,
  EDGE_ADDRESS,
  GRPC_PORT,
  HTTP_PORT,
  PROFILES_DIR,
  SERVICE_USER,
  SETUP_DIR,
} from './layout';
import { fileOf, ROLES_FILE, SECRETS_DIR, secretsOf, tlsFiles, type MadeSecret } from './secrets';

/** What a service of ours waits for, by the variable that has its address. */
const holders: Readonly<Record<string, BackingName>> = {
  DATABASE_URL: 'postgres',
  REDIS_URL: 'redis',
  KAFKA_BROKERS: 'kafka',
};

const instanceOf = (service: ServiceSpec, name: string): Instance => ({
  name,
  service,
  scheme: 'https',
  host: name,
  port: HTTP_PORT,
  grpcPort: GRPC_PORT,
  adminPort: ADMIN_PORT,
});

/** Every instance of the table, each a container with its name. */
export const instances: readonly Instance[] = services.flatMap((service) =>
  instanceNames(service).map((name) => instanceOf(service, name)),
);

/** What holds for every container of the one image: nothing of it can be written but what is mounted. */
const ours = {
  image: 'latchkey',
  build: '.',
  init: true,
  ...confined,
  read_only: true,
  tmpfs: ['/tmp'],
  stop_grace_period: '20s',
} as const satisfies Container;

/** Asked with Node, as the image has no other program for it. What a container says to itself needs no certificate. */
const answers = (url: string) =>
  healthcheck(
    'node',
    '-e',
    `require('${new URL(url).protocol.slice(0, -1)}').get('${url}', { rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))`,
  );

export function serviceContainer({ name, service, port, adminPort }: Instance): Container {
  const needs = Object.entries(holders).flatMap(([variable, holder]) =>
    service.variables.includes(variable) ? [holder] : [],
  );
  return {
    ...ours,
    command: [`dist/${service.entry}`],
    ...(service.example && { profiles: ['examples'] }),
    environment: environmentOf(service),
    volumes: [
      readOnly(`${service.name}-secrets`, SECRETS_DIR),
      OWN_PROFILES,
      ...(service.keeps ? [`${name}-data:${DATA_DIR}`] : []),
    ],
    networks: ['services', ...(needs.length > 0 ? ['backing'] : []), ...(service.goesOut ? ['outside'] : [])],
    depends_on: { ...completed(needs.length > 0 ? ['setup', 'rights'] : ['setup']), ...healthy(needs) },
    healthcheck: answers(service.example ? `https://127.0.0.1:${port}/readyz` : `http://127.0.0.1:${adminPort}/readyz`),
  };
}

/** The operator's folder of profiles; that of the sample, which nobody reads, where there is none. */
const OWN_PROFILES = readOnly('${LATCHKEY_PROFILES_DIR:-./examples/profiles}', PROFILES_DIR);

const KAFKA_BROKERS = 'kafka:9092';

/** What is set by nobody: mails go to the catcher, and wait where it does not run. */
const presets: Readonly<Record<string, string>> = { SMTP_URL: `smtp://${MAIL_CATCHER}?tls=none` };

const inSecrets = (file: string) => `${SECRETS_DIR}/${file}`;

/** Addresses as the composition has them, secrets as files; what is left may be set in the environment of `docker compose`. */
function environmentOf(service: ServiceSpec): Record<string, string> {
  const composed = variablesOf(service, {
    HOST: '0.0.0.0',
    TRUSTED_PROXIES: EDGE_ADDRESS,
    KAFKA_BROKERS,
    LATCHKEY_PROFILES_DIR: `\${LATCHKEY_PROFILES_DIR:+${PROFILES_DIR}}`,
    ...neighbourVariables(instances),
  });
  const secrets = secretsOf(service);
  const open = [...common, ...service.variables].filter(
    (name) => !(name in composed) && !secrets.some((secret) => secret === name),
  );
  return {
    ...composed,
    LATCHKEY_TLS_CERT: inSecrets(tlsFiles.cert),
    LATCHKEY_TLS_KEY: inSecrets(tlsFiles.key),
    LATCHKEY_TLS_CA: inSecrets(tlsFiles.ca),
    ...(service.keeps && { LATCHKEY_DATA_DIR: DATA_DIR }),
    ...secretFiles(secrets),
    ...Object.fromEntries(open.map((name) => [name, `\${${name}:-${presets[name] ?? ''}}`])),
  };
}

/** Variables that name the files of secrets. */
const secretFiles = (secrets: readonly MadeSecret[]): Record<string, string> =>
  Object.fromEntries(secrets.map((secret) => [`${secret}_FILE`, inSecrets(fileOf(secret))]));

const completed = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { condition: 'service_completed_successfully' as const }]));

const healthy = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { condition: 'service_healthy' as const }]));

/** The one container with a port on the host, on loopback unless told otherwise. */
export const edgeContainer: Container = {
  ...ours,
  command: ['dist/apps/edge/main.js'],
  environment: {
    HOST: '0.0.0.0',
    LATCHKEY_TLS_CA: inSecrets(tlsFiles.ca),
    // Of a proxy of yours in front of this one.
    TRUSTED_PROXIES: '${TRUSTED_PROXIES:-}',
    LATCHKEY_ROUTES: formatRoutes(routesTo(instances)),
    LATCHKEY_LOG_LEVEL: '${LATCHKEY_LOG_LEVEL:-}',
  },
  volumes: [readOnly('edge-secrets', SECRETS_DIR)],
  ports: [`\${LATCHKEY_PUBLISH:-127.0.0.1:8080}:${HTTP_PORT}`],
  networks: { outside: null, services: { ipv4_address: EDGE_ADDRESS } },
  depends_on: healthy(instances.flatMap(({ name, service }) => (service.example ? [] : [name]))),
  // Through it: what fits no route goes to a service, whose answer this is.
  healthcheck: answers(`http://127.0.0.1:${HTTP_PORT}/readyz`),
};

/** Gives every service its rights at Postgres and Kafka, as the one container that may: after every setup, so that an upgrade changes them. */
export const rightsContainer: Container = {
  ...ours,
  command: ['dist/tools/compose/grant-rights.js', inSecrets(ROLES_FILE)],
  environment: {
    KAFKA_BROKERS,
    ...secretFiles(['DATABASE_URL', 'KAFKA_LOGIN']),
    LATCHKEY_TOPIC_PREFIX: '${LATCHKEY_TOPIC_PREFIX:-}',
  },
  volumes: [readOnly('rights-secrets', SECRETS_DIR)],
  networks: ['backing'],
  depends_on: { ...completed(['setup']), ...healthy(['postgres', 'kafka']) },
  restart: 'no',
};

/** Those with a folder of secrets, by the name of their service. */
const secretHolders: readonly string[] = [
  ...Object.keys(backing),
  'rights',
  ...services.map(({ name }) => name),
  'edge',
];

/** Hands out secrets before anything else starts. It alone runs as root, to give files away; it has no other right, and no network. */
export const setupContainer: Container = {
  ...ours,
  command: ['dist/tools/compose/setup.js', SETUP_DIR, String(SERVICE_USER)],
  user: '0:0',
  cap_add: ['CHOWN'],
  network_mode: 'none',
  restart: 'no',
  volumes: [`setup-kept:${SETUP_DIR}/kept`, ...secretHolders.map((name) => `${name}-secrets:${SETUP_DIR}/${name}`)],
};
