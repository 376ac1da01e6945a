/** Sends everything under `path` to one of `targets`, in turn. */
export interface Route {
  /** Leading segments of a path; `*` stands for any one segment; `/` fits everything. */
  readonly path: string;
  /** Base addresses: `http://127.0.0.1:8081`. */
  readonly targets: readonly string[];
}

/** The route for a raw request target, untouched: `//` and `%2e` are compared as they came. The longest that fits wins. */
export function routeTo(routes: readonly Route[]): (rawUrl: string) => Route | undefined {
  const table = routes
    .map((route) => ({ route, segments: segmentsOf(route.path) }))
    .sort((a, b) => b.segments.length - a.segments.length);
  return (rawUrl) => {
    const [path = ''] = rawUrl.split('?', 1);
    const given = path.split('/').slice(1);
    return table.find(({ segments }) => segments.every((segment, at) => fits(segment, given[at])))?.route;
  };
}

const segmentsOf = (path: string) => (path === '/' ? [] : path.split('/').slice(1));
const fits = (segment: string, given: string | undefined) => segment === given || (segment === '*' && Boolean(given));
