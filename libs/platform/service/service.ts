import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyServer, { type FastifyInstance } from 'fastify';
import { ConfigError } from '../config/load-config';
import { addHealthRoutes } from '../health/health-routes';
import type { ReadinessRegistry } from '../health/readiness';
import type { Logger } from '../logging/logger';
import type { MetricsRegistry } from '../metrics/metrics';
import type { ServiceConfig } from './create-service';
import type { RequestsInHand } from './drain';

const DRAIN_TIMEOUT_MS = 10_000;

/** Something besides HTTP that takes calls. */
export interface Listener {
  /** As in the line that tells the addresses: `grpc`. */
  readonly name: string;
  /** Opens it; answers its address. */
  start(): Promise<string>;
  /** Takes no new calls, and ends when those in hand are answered. */
  stop(): Promise<void>;
}

export interface ServiceParts {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly app: NestFastifyApplication;
  readonly fastify: FastifyInstance;
  readonly logger: Logger;
  readonly readiness: ReadinessRegistry;
  readonly metrics: MetricsRegistry;
  readonly requests: RequestsInHand;
  readonly listeners?: readonly Listener[] | undefined;
}

/** Where a service can be reached, by name: `http`, `admin` and those of its listeners. */
export type Addresses = Readonly<Record<string, string>>;

const urlOf = (fastify: FastifyInstance, scheme: 'http' | 'https' = 'http') => {
  const { address, family, port } = fastify.server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

const UNUSABLE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is of no address of this machine',
};

/** @throws ConfigError that names the variable, where another value of it would help */
async function listening<Result>(variable: string, port: number, opening: Promise<Result>): Promise<Result> {
  try {
    return await opening;
  } catch (error) {
    const why = UNUSABLE[String(Reflect.get(Object(error), 'code'))];
    throw why === undefined ? error : new ConfigError([`${variable}: ${port} ${why}.`]);
  }
}

export class Service {
  readonly app: NestFastifyApplication;
  readonly fastify: FastifyInstance;
  readonly readiness: ReadinessRegistry;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  #admin: FastifyInstance | undefined;
  #stopping: Promise<void> | undefined;

  constructor(private readonly parts: ServiceParts) {
    ({
      app: this.app,
      fastify: this.fastify,
      readiness: this.readiness,
      metrics: this.metrics,
      logger: this.logger,
    } = parts);
  }

  /** Listens, HTTP last, and answers the addresses. */
  async start(): Promise<Addresses> {
    const { config, listeners = [] } = this.parts;
    const addresses: Record<string, string> = {};
    for (const listener of listeners) addresses[listener.name] = await listener.start();
    if (config.adminPort !== undefined) {
      const { adminHost = '127.0.0.1', adminPort } = config;
      this.#admin = await listening('ADMIN_PORT', adminPort, this.#openAdmin(adminHost, adminPort));
      addresses['admin'] = urlOf(this.#admin);
    }
    await listening('PORT', config.port, this.app.listen(config.port, config.host));
    return { http: urlOf(this.fastify, config.tls === undefined ? 'http' : 'https'), ...addresses };
  }

  /**
   * Stops in order: not ready ▸ no new requests ▸ those in hand are answered, at most `drainTimeoutMs` ▸ other listeners and modules close.
   * A second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { config, listeners = [], requests } = this.parts;
    this.readiness.drain();
    if (this.fastify.server.listening) this.fastify.server.close();
    this.fastify.server.closeIdleConnections();
    const left = await requests.drained(config.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
    if (left > 0) this.logger.warn({ requests: left }, 'stopped before every request was answered');
    // Last, as a request in hand may depend on them: the guard asks enforcement, and enforcement asks this service over gRPC.
    await Promise.all(listeners.map((listener) => listener.stop()));
    this.fastify.server.closeAllConnections();
    await this.app.close();
    await this.#admin?.close();
    config.tls?.close();
  }

  /** On a port of its own: what operators read is not for callers. */
  async #openAdmin(host: string, port: number): Promise<FastifyInstance> {
    const admin = fastifyServer();
    addHealthRoutes(admin, this.readiness);
    admin.get('/metrics', async (_request, reply) =>
      reply.type(this.metrics.contentType).send(await this.metrics.metrics()),
    );
    await admin.listen({ host, port });
    return admin;
  }
}
