import type { FastifyInstance } from 'fastify';

interface RoutePattern {
  readonly method: string;
  readonly segments: readonly string[];
}

const segmentsOf = (path: string) => path.split('/');

const matches = (pattern: readonly string[], path: readonly string[]) =>
  pattern.length === path.length &&
  pattern.every((segment, index) => (segment.startsWith(':') ? path[index] !== '' : segment === path[index]));

/** Every route of a service, to tell an unknown address from a known one with another method. */
export class RouteTable {
  readonly #routes: RoutePattern[] = [];

  /** Starts to follow the routes of `fastify`; those that were added before are not seen. */
  follow(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) this.#routes.push({ method: name, segments: segmentsOf(url) });
    });
  }

  /** The methods that the address takes, sorted; none: there is nothing at this address. */
  methodsAt(url: string): readonly string[] {
    const path = segmentsOf(url.split('?', 1)[0] ?? '');
    const methods = this.#routes.filter(({ segments }) => matches(segments, path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}
