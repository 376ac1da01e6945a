import path from 'node:path';
import { startEdge } from './edge';
import { freePort } from './free-port';
import type { Route } from './routing';
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

interface Instance {
  readonly name: string;
  readonly service: ServiceSpec;
  readonly port: number;
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** Every service as processes of this machine behind one edge. Rejects, with nothing left running, when one does not become ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  refuseUnknownVariables(options.env ?? {});
  const instances = await Promise.all(services.flatMap(instancesOf));
  const shared = await sharedVariables(options, instances);
  const all = instances.map((instance) => processOf(instance, shared, options));
  const stopAll = () => Promise.all(all.map((each) => each.stop()));
  options.signal?.addEventListener('abort', () => void stopAll());
  // First, as a port that is taken must end the start before a service has left anything behind.
  const edge = await startEdge({ routes: routesTo(instances), port: options.port ?? 0, host: '127.0.0.1' });
  try {
    await Promise.all(all.map((each) => each.start()));
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

function instancesOf(service: ServiceSpec): Promise<Instance>[] {
  return Array.from({ length: service.instances }, async (_, index) => ({
    name: service.instances === 1 ? service.name : `${service.name}-${index + 1}`,
    service,
    port: await freePort(),
    grpcPort: await freePort(),
    adminPort: await freePort(),
  }));
}

const urlOf = ({ port }: Instance) => `http://127.0.0.1:${port}`;

async function sharedVariables(
  options: ClusterOptions,
  instances: readonly Instance[],
): Promise<Record<string, string>> {
  const of = (name: string) => instances.filter(({ service }) => service.name === name);
  const grpcOf = (name: string) =>
    of(name)
      .map(({ grpcPort }) => `127.0.0.1:${grpcPort}`)
      .join(',');
  return {
    HOST: '127.0.0.1',
    TRUSTED_PROXIES: '127.0.0.1',
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    KAFKA_BROKERS: options.kafkaBrokers.join(','),
    LATCHKEY_IDENTITY_GRPC: grpcOf('identity'),
    LATCHKEY_ISSUANCE_GRPC: grpcOf('issuance'),
    LATCHKEY_ENFORCEMENT_URLS: of('enforcement').map(urlOf).join(','),
    ...(options.topicPrefix === undefined ? {} : { LATCHKEY_TOPIC_PREFIX: options.topicPrefix }),
    ...(await clusterSecrets(options.dataDir)),
    ...options.env,
  };
}

function processOf(
  instance: Instance,
  shared: Readonly<Record<string, string>>,
  options: ClusterOptions,
): ServiceProcess {
  const { name, service, port, grpcPort, adminPort } = instance;
  return new ServiceProcess({
    name,
    program: path.join(options.dist, service.entry),
    url: urlOf(instance),
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      LATCHKEY_DATA_DIR: path.join(options.dataDir, name),
      ...variablesOf(service, shared),
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      ADMIN_PORT: String(adminPort),
    },
    onLine: (line) => options.onLine?.(name, line),
  });
}

function routesTo(instances: readonly Instance[]): Route[] {
  return services.flatMap((service) => {
    const targets = instances.filter((instance) => instance.service === service).map(urlOf);
    const paths = service.fallback === true ? [...service.routes, '/'] : service.routes;
    return paths.map((each) => ({ path: each, targets }));
  });
}
