import { isDeepStrictEqual } from 'node:util';
import { AppError, type WorkspaceId } from '@latchkey/kernel';
import { parseInput, type CursorCodec } from '@latchkey/platform';
import type { z } from 'zod';
import type { KeyPosition, KeyOrder } from '../../application/key-list-query';

/** What each page may ask anew; all else a list keeps from its first page to its last. */
const OF_A_PAGE: ReadonlySet<string> = new Set(['cursor', 'limit', 'hydrate']);

type Parameters = Readonly<Record<string, string>>;

interface PagedQuery {
  readonly cursor?: string | undefined;
}

/** A list of keys as a surface has it. */
export interface KeyListing<Query extends PagedQuery> {
  /** Its name in the address. */
  readonly name: string;
  readonly query: z.ZodType<Query>;
  orderOf(query: Query): KeyOrder;
}

export interface AskedPage<Query> {
  readonly query: Query;
  readonly order: KeyOrder;
  /** The end of the page before; `null`: this is the first one. */
  readonly position: KeyPosition | null;
  /** As they were sent for the first page. */
  readonly parameters: Parameters;
}

/** Pages of lists of keys. A cursor carries the filters and the sort of its list, so that it is enough by itself; other ones beside it are refused. */
export class KeyListRequests {
  constructor(private readonly codec: CursorCodec) {}

  /** @throws AppError `request.invalid`, `request.invalid_cursor` */
  read<Query extends PagedQuery>(
    listing: KeyListing<Query>,
    workspaceId: WorkspaceId,
    sent: unknown,
  ): AskedPage<Query> {
    const query = parseInput(listing.query, sent, 'query');
    // What the schema has taken is text by name.
    const parameters = sent as Parameters;
    const own = pick(parameters, (name) => !OF_A_PAGE.has(name));
    if (query.cursor === undefined) return { query, order: listing.orderOf(query), position: null, parameters: own };

    const cursor = this.codec.decode(`${listing.name}:${workspaceId}`, query.cursor);
    const first = cursor.query ?? {};
    const continued = parseInput(
      listing.query,
      { ...first, ...pick(parameters, (name) => OF_A_PAGE.has(name)) },
      'query',
    );
    refuseOthers(Object.keys(own), query, continued);
    const order = listing.orderOf(continued);
    const [value, id] = cursor.after;
    if (cursor.sort !== sortOf(order) || typeof value === 'number' || value === undefined || typeof id !== 'string') {
      throw new AppError('request.invalid_cursor', { field: 'cursor' });
    }
    return { query: continued, order, position: { value, id }, parameters: first };
  }

  write(
    { name }: Pick<KeyListing<never>, 'name'>,
    workspaceId: WorkspaceId,
    { order, parameters }: Pick<AskedPage<unknown>, 'order' | 'parameters'>,
    { value, id }: KeyPosition,
  ): string {
    return this.codec.encode(`${name}:${workspaceId}`, { sort: sortOf(order), after: [value, id], query: parameters });
  }
}

const sortOf = ({ by, direction }: KeyOrder): string => `${by}:${direction}`;

const pick = (parameters: Parameters, isWanted: (name: string) => boolean): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => isWanted(name)));

function refuseOthers<Query extends object>(names: readonly string[], asked: Query, continued: Query): void {
  const valueOf = (query: Query, name: string): unknown => Reflect.get(query, name);
  const other = names.find((name) => !isDeepStrictEqual(valueOf(asked, name), valueOf(continued, name)));
  if (other === undefined) return;
  throw new AppError('request.invalid_cursor', {
    field: other,
    public: `The cursor belongs to a list with another "${other}". Begin that list without a cursor.`,
  });
}
