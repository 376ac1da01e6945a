import { databaseFailure } from '@latchkey/event-store';
import { Turns } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { KeyPosition, KeyListQuery, KeyOrder, KeySelection } from '../application/key-list-query';
import type { KeyReach } from '../application/key-reaches';
import type { KeyList, ListedKey } from '../application/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';
import { KeyConditions, LAST_USED_AT, orderBy, SORTED_BY } from './key-list-statement';

const COLUMNS = keyListProjection.columns.join(', ');
const WITH_LAST_USE = `SELECT ${COLUMNS}, ${LAST_USED_AT} AS last_used_at FROM key_list`;

/** Each key's latest use, by an index that has them in their order. */
const BY_LAST_USE = `
  SELECT ${COLUMNS}, last_used_at
    FROM (SELECT key_id, last_used_at FROM key_last_used used
           WHERE used.workspace_id = $1 AND NOT EXISTS (
             SELECT FROM key_last_used later WHERE later.key_id = used.key_id
                AND (later.last_used_at, later.secret_number) > (used.last_used_at, used.secret_number)
           )) latest
    JOIN key_list USING (key_id)`;
const NEVER_USED = 'NOT EXISTS (SELECT FROM key_last_used used WHERE used.key_id = key_list.key_id)';

const LIVE_OF_WORKSPACE = 'SELECT sum(live) AS live FROM key_count WHERE workspace_id = $1';
const LIVE_OF_MEMBER =
  'SELECT count(*) AS live FROM key_list WHERE workspace_id = $1 AND user_id = $2 AND revoked_at IS NULL';

const NEWEST_FIRST: KeyOrder = { by: 'created', direction: 'desc' };

/**
 * Searches of all workspaces at once, of the pool's ten connections. What has to be passed over takes its time, and who searches again and again
 * must not keep the others from creating keys, or nodes from knowing them.
 */
const SEARCHES_AT_ONCE = 3;
const WAITING_MAX = 100;

interface ListedRow extends KeyListRow {
  readonly last_used_at: Date | null;
}

/**
 * The list of keys from its table. A page of all keys of a workspace by their creation costs the same wherever it begins. For whatever else is
 * asked, what has to be passed over to fill the page, or is counted, can cost too: keys that a filter excludes, revoked ones where the sort's index
 * has them, those of other members, and uses before the latest. Who asks so searches, and those who search take turns.
 */
export class PostgresKeyList implements KeyList {
  readonly #searches = new Turns({ atOnce: SEARCHES_AT_ONCE, waitingMax: WAITING_MAX });

  constructor(private readonly dataSource: Pick<DataSource, 'query'>) {}

  async find(reach: KeyReach, id: string): Promise<ListedKey | null> {
    const column = id.startsWith('key-') ? 'display_id' : 'key_id';
    const conditions = new KeyConditions({ reach, filter: {}, liveOnly: false, now: new Date(0) });
    conditions.add((parameter) => `${column} = ${parameter}`, id);
    const [key] = await this.#select(WITH_LAST_USE, conditions, '');
    return key ?? null;
  }

  after(query: KeyListQuery, position: KeyPosition | null): Promise<readonly ListedKey[]> {
    const search = () => this.#after(query, position);
    return passesOverNone(query) ? search() : this.#inTurn(query, search);
  }

  #after(query: KeyListQuery, position: KeyPosition | null): Promise<readonly ListedKey[]> {
    const { order } = query;
    if (order.by === 'last_used') return this.#byLastUse(query, position);
    const expression = SORTED_BY[order.by];
    const conditions = new KeyConditions(query);
    if (position) {
      const value = conditions.parameter(position.value ?? 'infinity');
      conditions.after(expression, order, value, conditions.parameter(position.id));
    }
    const limit = conditions.parameter(query.limit);
    return this.#select(WITH_LAST_USE, conditions, `${orderBy(expression, order)} LIMIT ${limit}`);
  }

  skipping(selection: KeySelection, limit: number, offset: number): Promise<readonly ListedKey[]> {
    const conditions = new KeyConditions(selection);
    const part = `LIMIT ${conditions.parameter(limit)} OFFSET ${conditions.parameter(offset)}`;
    const statement = `${orderBy(SORTED_BY.created, NEWEST_FIRST)} ${part}`;
    const search = () => this.#select(WITH_LAST_USE, conditions, statement);
    return passesOverNone({ ...selection, order: NEWEST_FIRST }) ? search() : this.#inTurn(selection, search);
  }

  async count(selection: KeySelection, most: number): Promise<number | null> {
    const conditions = new KeyConditions(selection);
    const limit = conditions.parameter(most + 1);
    const statement = `SELECT count(*) AS found FROM (SELECT FROM key_list ${conditions.where} LIMIT ${limit}) matches`;
    const counting = () => this.#query<{ found: string }>(statement, conditions.parameters);
    const [row] = await this.#inTurn(selection, counting);
    const found = Number(row?.found);
    return found > most ? null : found;
  }

  async liveCount({ workspaceId, userId }: KeyReach): Promise<number> {
    const counting = (statement: string, ...parameters: readonly string[]) =>
      this.#query<{ live: string | null }>(statement, parameters);
    const [row] = await (userId === null
      ? counting(LIVE_OF_WORKSPACE, workspaceId)
      : this.#searches.run(() => counting(LIVE_OF_MEMBER, workspaceId, userId), workspaceId));
    return Number(row?.live ?? 0);
  }

  /** @throws AppError `service.unavailable` when too many search */
  #inTurn<Found>({ reach, urgent = false }: KeySelection, search: () => Promise<Found>): Promise<Found> {
    return urgent ? search() : this.#searches.run(search, reach.workspaceId);
  }

  /** Used keys and others are two lists, of which the one begins where the other ends. */
  async #byLastUse(query: KeyListQuery, position: KeyPosition | null): Promise<readonly ListedKey[]> {
    const { order, limit } = query;
    const begin = position === null ? null : position.value === null ? 'never' : 'used';
    const [first, second] = order.direction === 'desc' ? (['used', 'never'] as const) : (['never', 'used'] as const);
    const part = (which: 'used' | 'never', most: number) => {
      const from = which === begin ? position : null;
      return which === 'used' ? this.#used(query, from, most) : this.#neverUsed(query, from, most);
    };
    const found = begin === second ? [] : await part(first, limit);
    return found.length === limit ? found : [...found, ...(await part(second, limit - found.length))];
  }

  #used(query: KeyListQuery, from: KeyPosition | null, most: number): Promise<readonly ListedKey[]> {
    const conditions = new KeyConditions(query);
    if (from) {
      const value = conditions.parameter(from.value);
      conditions.after('last_used_at', query.order, value, conditions.parameter(from.id));
    }
    const limit = conditions.parameter(most);
    return this.#select(BY_LAST_USE, conditions, `${orderBy('last_used_at', query.order)} LIMIT ${limit}`);
  }

  /** Sorted as they were created. */
  #neverUsed(query: KeyListQuery, from: KeyPosition | null, most: number): Promise<readonly ListedKey[]> {
    const conditions = new KeyConditions(query);
    conditions.also(NEVER_USED);
    if (from) {
      const id = conditions.parameter(from.id);
      const createdAt = `(SELECT created_at FROM key_list before WHERE before.key_id = ${id})`;
      conditions.after(SORTED_BY.created, query.order, createdAt, id);
    }
    const limit = conditions.parameter(most);
    return this.#select(WITH_LAST_USE, conditions, `${orderBy(SORTED_BY.created, query.order)} LIMIT ${limit}`);
  }

  async #select(from: string, { where, parameters }: KeyConditions, rest: string): Promise<readonly ListedKey[]> {
    const rows = await this.#query<ListedRow>(`${from} ${where} ${rest}`, parameters);
    return rows.map((row) => ({ ...keyOf(row), lastUsedAt: row.last_used_at }));
  }

  async #query<Row>(statement: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'reading the list of keys');
    }
  }
}

/** It is read from an index that has these very keys in this order. */
const passesOverNone = ({ reach, filter, order }: Omit<KeyListQuery, 'limit'>): boolean =>
  reach.userId === null && order.by === 'created' && Object.keys(filter).length === 0;
