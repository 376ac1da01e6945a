import { Injectable, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

export interface Route {
  readonly method: string;
  /** As the router has it, with `:parameters`. */
  readonly path: string;
}

/** The router's own table: every route that was added since the application was created, whoever added it. */
@Injectable()
export class GuardedRoutes {
  readonly #routes: Route[] = [];

  constructor({ httpAdapter }: HttpAdapterHost) {
    const fastify = httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) this.#routes.push({ method: name, path: url });
    });
  }

  list(): readonly Route[] {
    return this.#routes;
  }
}

/** Every method and path that `app` answers, so that a test can try each without a credential. */
export const routesOf = (app: INestApplication): readonly Route[] => app.get(GuardedRoutes, { strict: false }).list();
