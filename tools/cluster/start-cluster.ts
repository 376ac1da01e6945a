import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { startEdge } from '@latchkey/edge';
import { freePort } from './free-port';
import { instanceNames, neighbourVariables, routesTo, urlOf, type Instance } from './instances';
import { clusterSecrets } from './secrets';
import { ServiceProcess } from './service-process';
import { refuseUnknownVariables, services, variablesOf, type ServiceSpec } from './services';

export interface ClusterOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** Folder of what the processes keep, a folder for each. */
  readonly dataDir: string;
  /** The built tree. */
  readonly dist: string;
  /** Before the name of every topic, so that several clusters can share one Kafka. */
  readonly topicPrefix?: string;
  /** Of the edge; 0 or absent: any free one. */
  readonly port?: number;
  /**
   * Folder of certificates, which are made there: every service then listens on all addresses of this machine, and speaks TLS. Absent: on
   * loopback, in plain text.
   */
  readonly certificates?: string;
  /** How many of a service run where that is not what the table says; 0: it is left out. */
  readonly instances?: Readonly<Record<string, number>>;
  /** Further variables for every process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (name: string, line: string) => void;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Cluster {
  /** Base address of the edge. */
  readonly url: string;
  /** By name: `identity`, `enforcement-1`. */
  readonly processes: ReadonlyMap<string, ServiceProcess>;
  /** No new requests; those in hand are answered; every process ends. */
  stop(): Promise<void>;
}

/** Every service as processes of this machine behind one edge. Rejects, with nothing left running, when one does not become ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  refuseUnknownVariables(options.env ?? {});
  const authority = await authorityIn(options.certificates);
  const instances = await Promise.all(services.flatMap((service) => instancesOf(service, options)));
  const secrets = await clusterSecrets(options.dataDir);
  // First, as a port that is taken must end the start before a service has left anything behind.
  const edge = await startEdge({ routes: routesTo(instances), port: options.port ?? 0, host: '127.0.0.1', authority });
  const shared = { ...addressesOf(options, instances, edge.url), ...secrets, ...options.env };
  const all = instances.map((instance) => processOf(instance, shared, options));
  const stopAll = () => Promise.all(all.map((each) => each.stop()));
  const giveUp = () => void stopAll();
  options.signal?.addEventListener('abort', giveUp);
  try {
    await Promise.all(all.map((each) => each.start()));
    // From here on it is stopped, not given up: a process that is told twice ends without finishing what it has in hand.
    options.signal?.removeEventListener('abort', giveUp);
    return {
      url: edge.url,
      processes: new Map(all.map((each) => [each.name, each])),
      async stop() {
        await edge.close();
        await stopAll();
      },
    };
  } catch (error) {
    await edge.close();
    await stopAll();
    throw error;
  }
}

/** Makes the certificates of all services; answers that of their authority. */
async function authorityIn(dir: string | undefined): Promise<string | undefined> {
  if (dir === undefined) return undefined;
  await makeCertificates({ dir, services: Object.fromEntries(services.map(({ name }) => [name, ['127.0.0.1']])) });
  return readFile(certificateFilesOf(dir, 'edge').ca, 'utf8');
}

function instancesOf(service: ServiceSpec, { instances, certificates }: ClusterOptions): Promise<Instance>[] {
  return instanceNames(service, instances?.[service.name]).map(async (name): Promise<Instance> => ({
    name,
    service,
    scheme: certificates === undefined ? 'http' : 'https',
    host: '127.0.0.1',
    port: await freePort(),
    grpcPort: await freePort(),
    adminPort: await freePort(),
  }));
}

function addressesOf(options: ClusterOptions, instances: readonly Instance[], edgeUrl: string): Record<string, string> {
  return {
    HOST: options.certificates === undefined ? '127.0.0.1' : '0.0.0.0',
    TRUSTED_PROXIES: '127.0.0.1',
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    KAFKA_BROKERS: options.kafkaBrokers.join(','),
    ...neighbourVariables(instances),
    ...(options.topicPrefix === undefined ? {} : { LATCHKEY_TOPIC_PREFIX: options.topicPrefix }),
    // Access tokens are the edge's, unless users reach it by another name.
    OAUTH_ISSUER: options.env?.['PUBLIC_URL'] ?? edgeUrl,
  };
}

function processOf(
  instance: Instance,
  shared: Readonly<Record<string, string>>,
  options: ClusterOptions,
): ServiceProcess {
  const { name, service, host, port, grpcPort, adminPort } = instance;
  return new ServiceProcess({
    name,
    program: path.join(options.dist, service.entry),
    url: urlOf(instance),
    adminUrl: `http://${host}:${adminPort}`,
    grpcAddress: `${host}:${grpcPort}`,
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      LATCHKEY_DATA_DIR: path.join(options.dataDir, name),
      ...variablesOf(service, shared),
      ...tlsVariablesOf(service, options),
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      ADMIN_PORT: String(adminPort),
    },
    onLine: (line) => options.onLine?.(name, line),
  });
}

function tlsVariablesOf({ name }: ServiceSpec, { certificates }: ClusterOptions): Record<string, string> {
  if (certificates === undefined) return {};
  const { cert, key, ca } = certificateFilesOf(certificates, name);
  return { LATCHKEY_TLS_CERT: cert, LATCHKEY_TLS_KEY: key, LATCHKEY_TLS_CA: ca };
}
