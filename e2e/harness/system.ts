import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backing, freePort, freshDatabase, startMailServer, startRedis } from '@latchkey/testing';
import { startCluster, type Cluster } from '../../tools/cluster/start-cluster';
import { builtTree, startProgram } from './program';
import { UndoStack } from './undo-stack';
import { newWorkspace } from './workspaces';

export const WAYS_OF_RUNNING = ['standalone', 'cluster'] as const;
export type WayOfRunning = (typeof WAYS_OF_RUNNING)[number];
export type ProfileName = 's4e' | 'zshield' | 'slaunch' | 'latchkey';

interface Running {
  /** Where users call. */
  readonly url: string;
  /** Where the sample API is: in the one process, or behind a guard that asks enforcement over HTTP. */
  readonly assetsUrl: string;
  /** Every node of enforcement, called past the edge. */
  readonly enforcementUrls: readonly string[];
  /** Their gRPC, in the same order. */
  readonly enforcementGrpc: readonly string[];
  /** Of a cluster, by name (`enforcement-1`); none when standalone. */
  readonly processes: Cluster['processes'];
  readonly adminKey: string;
  /** What its processes have written, the end of it when that is much. */
  log(): string;
}

/** A running Latchkey. */
export interface System extends Running {
  /** Admin key of a second workspace on the same installation, where one was asked for. */
  readonly neighbourKey: string | null;
  /** What the routers of all processes have. */
  readonly routes: readonly Route[];
  /** Folder of the certificates of all services, where they speak TLS. */
  readonly certificates: string;
  /** Of the one process: the folder of what it keeps. */
  readonly dataDir: string;
  /** For what no route can do: make time pass. */
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

export interface Route {
  /** Base address of the process. */
  readonly url: string;
  /** Counts the routers of a process, from 1: the service itself, then its port for operators. */
  readonly router: number;
  readonly method: string;
  /** With `:parameters`. */
  readonly path: string;
}

export interface SystemOptions {
  readonly profile: ProfileName;
  /** Profile of a second workspace. */
  readonly neighbour?: ProfileName;
  /** A cluster alone: its services listen on every address, and show each other certificates. */
  readonly tls?: boolean;
  /** Variables besides those of the harness. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The first owner, whose address is the one of the configuration, and who can sign in. */
export const OWNER = { email: 'admin@localhost.localdomain', password: 'correct horse battery staple' } as const;

const LOG_KEPT = 100_000;

/** What outlives a restart. */
interface Kept {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts Latchkey on a database, a Redis, topics and a folder of its own. */
export async function startSystem(
  way: WayOfRunning,
  { profile, neighbour, tls = false, env = {} }: SystemOptions,
): Promise<System> {
  const { result, undo } = await UndoStack.whole(async (undo) => {
    const mails = neighbour === undefined ? null : await startMailServer();
    undo.push(() => mails?.stop());
    const mailTo = mails && { SMTP_URL: `smtp://127.0.0.1:${mails.port}` };
    const kept = {
      ...(await keptParts(way, undo)),
      env: { LATCHKEY_ADMIN_PASSWORD: OWNER.password, ...mailTo, ...env },
    };
    const running = await (tls ? startWithCertificates(profile, kept, undo) : start(way, profile, kept, undo));
    const made = neighbour && mails && (await newWorkspace(running, mails, { profile: neighbour, slug: 'neighbour' }));
    const neighbourKey = made?.adminKey ?? null;
    const places = { certificates: certificatesIn(kept), dataDir: kept.folder, databaseUrl: kept.databaseUrl };
    return { ...running, neighbourKey, routes: await reportedRoutes(kept), ...places };
  });
  return { ...result, stop: () => undo.undo() };
}

const routesFile = ({ folder }: Kept) => path.join(folder, 'routes');

/** Makes every program tell its routes. */
const reporting = (kept: Kept) => ({
  NODE_OPTIONS: `--require ${path.join(__dirname, 'report-routes.cjs')}`,
  ROUTES_FILE: routesFile(kept),
});

async function reportedRoutes(kept: Kept): Promise<readonly Route[]> {
  const lines = (await readFile(routesFile(kept), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Route);
}

async function keptParts(way: WayOfRunning, undo: UndoStack): Promise<Omit<Kept, 'env'>> {
  const database = await freshDatabase();
  undo.push(() => database.drop());
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-e2e-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  if (way === 'standalone') return { databaseUrl: database.url, redisUrl: '', folder };
  const redis = await startRedis();
  undo.push(() => redis.stop());
  return { databaseUrl: database.url, redisUrl: redis.url, folder };
}

const start = (way: WayOfRunning, profile: ProfileName, kept: Kept, undo: UndoStack): Promise<Running> =>
  way === 'standalone' ? startStandalone(profile, kept, undo) : startAsCluster(profile, kept, undo);

async function startStandalone(profile: ProfileName, kept: Kept, undo: UndoStack): Promise<Running> {
  const { databaseUrl, folder } = kept;
  const { url, grpcAddress, output, stop } = await startProgram('apps/standalone/main.js', {
    ADMIN_PORT: String(await freePort()),
    DATABASE_URL: databaseUrl,
    LATCHKEY_DATA_DIR: folder,
    LATCHKEY_PROFILE: profile,
    ...kept.env,
    ...reporting(kept),
  });
  undo.push(stop);
  const enforcement = { enforcementUrls: [url], enforcementGrpc: [grpcAddress] };
  const adminKey = await adminKeyIn(folder);
  return { url, assetsUrl: url, ...enforcement, processes: new Map(), adminKey, log: output };
}

async function startAsCluster(profile: ProfileName, kept: Kept, undo: UndoStack): Promise<Running> {
  const running = await startProcesses({ profile, kept, undo });
  const { TENANT_DOMAIN = '' } = kept.env;
  const assets = await startProgram('examples/assets-api/main.js', {
    LATCHKEY_ENFORCEMENT_URLS: running.enforcementUrls.join(','),
    TENANT_DOMAIN,
    ...reporting(kept),
  });
  undo.push(assets.stop);
  return { ...running, assetsUrl: assets.url, log: () => running.log() + assets.output() };
}

/** The sample API of such a cluster is behind its edge. */
const startWithCertificates = (profile: ProfileName, kept: Kept, undo: UndoStack): Promise<Running> =>
  startProcesses({ profile, kept, undo, tls: { certificates: certificatesIn(kept) } });

const certificatesIn = ({ folder }: Kept) => path.join(folder, 'certificates');

interface Processes {
  readonly profile: ProfileName;
  readonly kept: Kept;
  readonly undo: UndoStack;
  readonly tls?: { readonly certificates: string };
}

async function startProcesses({ profile, kept, undo, tls }: Processes): Promise<Running> {
  let written = '';
  const cluster = await startCluster({
    databaseUrl: kept.databaseUrl,
    redisUrl: kept.redisUrl,
    kafkaBrokers: backing().kafkaBrokers,
    dataDir: kept.folder,
    dist: builtTree,
    topicPrefix: `${path.basename(kept.folder)}.`,
    env: { LATCHKEY_PROFILE: profile, ...kept.env, ...reporting(kept) },
    onLine: (_, line) => (written = `${written}${line}\n`.slice(-LOG_KEPT)),
    ...tls,
  });
  undo.push(() => cluster.stop());
  const nodes = [...cluster.processes.values()].filter(({ name }) => name.startsWith('enforcement'));
  return {
    url: cluster.url,
    assetsUrl: cluster.url,
    enforcementUrls: nodes.map(({ url }) => url),
    enforcementGrpc: nodes.map(({ grpcAddress }) => grpcAddress),
    processes: cluster.processes,
    adminKey: await adminKeyIn(path.join(kept.folder, 'issuance')),
    log: () => written,
  };
}

const adminKeyIn = async (folder: string) => (await readFile(path.join(folder, 'admin-key'), 'utf8')).trim();
