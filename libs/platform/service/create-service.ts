import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { addHealthRoutes } from '../health/health-routes';
import { ReadinessRegistry } from '../health/readiness';
import { addClientIp } from '../http/client-ip';
import { acceptOnlyJson } from '../http/json-body';
import { takeOneSpelling } from '../http/one-spelling';
import { RouteTable } from '../http/route-table';
import { addSecurityHeaders } from '../http/security-headers';
import { createLogger, type Logger } from '../logging/logger';
import { NestLogger } from '../logging/nest-logger';
import { logRequests } from '../logging/log-requests';
import { createMetrics, measureRequests, type MetricsRegistry } from '../metrics/metrics';
import { followTlsFiles } from '../tls/https';
import type { TlsFiles } from '../tls/tls-files';
import { RequestsInHand } from './drain';
import { fastifyOptions } from './fastify-options';
import { PlatformModule } from './platform.module';
import { Service, type Listener } from './service';

export interface ServiceConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Port of metrics and health for operators, on `adminHost`. Absent: none is opened. */
  readonly adminPort?: number | undefined;
  /** 127.0.0.1 when absent. */
  readonly adminHost?: string | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed (C15). */
  readonly trustedProxies?: readonly string[] | undefined;
  /** HTTP is served over TLS when it is there. It is closed with the service. */
  readonly tls?: TlsFiles | undefined;
  /** How long a stop waits for requests in hand, in ms; 10,000 when absent. */
  readonly drainTimeoutMs?: number | undefined;
}

export interface ServiceOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly config: ServiceConfig;
  readonly logger?: Logger | undefined;
  readonly readiness?: ReadinessRegistry | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  /** Hot routes on the raw router. They do their own authentication: Nest's guards do not run there. */
  readonly routes?: ((fastify: FastifyInstance) => void | Promise<void>) | undefined;
  /** What else listens, such as gRPC: opened before HTTP, closed after it. */
  readonly listeners?: readonly Listener[] | undefined;
}

@Module({})
class RootModule {}

/** A Nest application on Fastify with everything that all services share. It does not listen yet: `start()` does. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { name, config } = options;
  const logger = options.logger ?? createLogger({ service: name });
  const readiness = options.readiness ?? new ReadinessRegistry();
  const metrics = options.metrics ?? createMetrics(name);
  const routes = new RouteTable();
  const requests = new RequestsInHand();

  const adapter = new FastifyAdapter(fastifyOptions(logger, config.tls));
  const fastify: FastifyInstance = adapter.getInstance();
  if (config.tls !== undefined) followTlsFiles(adapter.getHttpServer(), config.tls);
  // Else Node drops what comes after the two thousandth, and a caller could push out what a proxy adds: where he calls from, for one. The
  // size of all is bounded anyway.
  fastify.server.maxHeadersCount = 0;
  routes.follow(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  addClientIp(fastify, config.trustedProxies ?? []);
  requests.follow(fastify);
  logRequests(fastify);
  measureRequests(fastify, metrics);
  takeOneSpelling(fastify);
  acceptOnlyJson(fastify);
  addSecurityHeaders(fastify);

  const root: DynamicModule = {
    module: RootModule,
    imports: [PlatformModule.forService({ logger, readiness, metrics, routes }), options.module],
  };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  addHealthRoutes(fastify, readiness);
  await options.routes?.(fastify);
  await app.init();
  return new Service({ ...options, logger, readiness, metrics, requests, app, fastify });
}
