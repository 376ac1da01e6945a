import type { Route } from './routing';

const isTarget = (text: string) => URL.canParse(text) && /^https?:\/\/[^/]+\/?$/.test(text);

/** Routes as one text, a line each: the path, then its targets, separated by spaces. */
export const formatRoutes = (routes: readonly Route[]): string =>
  routes.map(({ path, targets }) => [path, ...targets].join(' ')).join('\n');

/** The inverse of `formatRoutes`; empty lines count for nothing. Null for what is not routes. */
export function parseRoutes(text: string): readonly Route[] | null {
  const routes = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([path]) => path !== '')
    .map(([path = '', ...targets]) => ({ path, targets }));
  const good = ({ path, targets }: Route) => path.startsWith('/') && targets.length > 0 && targets.every(isTarget);
  return routes.length > 0 && routes.every(good) ? routes : null;
}
