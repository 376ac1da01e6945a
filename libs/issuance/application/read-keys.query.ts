import { canonicalScope } from '@latchkey/access';
import { AppError, type Clock } from '@latchkey/kernel';
import type { Caller } from './caller';
import type { KeyFilter, KeyPosition, KeyOrder, KeySelection } from './key-list-query';
import type { KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { ListedKey, KeyList, WorkspaceDirectory } from './ports';

/** Greatest number of a numbered page; beyond it only the cursor leads (C33). */
export const PAGE_NUMBER_MAX = 1_000;

/** Keys that a filter lets through are counted so far. */
export const COUNT_MAX = 10_000;

export interface AskedKeys {
  readonly filter: KeyFilter;
  /** Without the revoked ones. */
  readonly liveOnly: boolean;
}

export interface KeyPage {
  readonly keys: readonly ListedKey[];
  /** Where the next page begins, `null` on the last one. */
  readonly next: KeyPosition | null;
}

export interface NumberedKeyPage {
  readonly keys: readonly ListedKey[];
  /** Of all pages together. */
  readonly total: number;
}

/** What a caller sees of the workspace's keys. */
export class ReadKeysQuery {
  constructor(
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly directory: Pick<WorkspaceDirectory, 'profileOf'>,
    private readonly clock: Clock,
  ) {}

  /** Revoked keys included. @throws AppError `key.not_found` */
  async one(caller: Caller, ref: string): Promise<ListedKey> {
    return (await findKey(this.list, await this.reaches.toRead(caller), ref)).key;
  }

  /** @throws AppError `key.not_found`, for a revoked key too */
  async oneLive(caller: Caller, ref: string): Promise<ListedKey> {
    const key = await this.one(caller, ref);
    if (key.status === 'Revoked') throw new AppError('key.not_found');
    return key;
  }

  /** @throws AppError `key.unknown_scope` */
  async after(
    caller: Caller,
    asked: AskedKeys,
    order: KeyOrder,
    position: KeyPosition | null,
    limit: number,
  ): Promise<KeyPage> {
    const selection = await this.#selection(caller, asked);
    const found = await this.list.after({ ...selection, order, limit: limit + 1 }, position);
    const keys = found.slice(0, limit);
    const last = keys.at(-1);
    return { keys, next: found.length > limit && last ? positionOf(last, order) : null };
  }

  /**
   * How many keys that are; `null`: more than `COUNT_MAX`. Without a filter a workspace's live ones, however many.
   * @throws AppError `key.unknown_scope`
   */
  async count(caller: Caller, asked: AskedKeys): Promise<number | null> {
    const selection = await this.#selection(caller, asked);
    const allLive = selection.reach.userId === null && asked.liveOnly && Object.keys(asked.filter).length === 0;
    return allLive ? this.list.liveCount(selection.reach) : this.list.count(selection, COUNT_MAX);
  }

  /** Keys that are not revoked, newest first. @param page from 1 @throws AppError `request.invalid` beyond the last page allowed */
  async page(caller: Caller, page: number, perPage: number): Promise<NumberedKeyPage> {
    if (page > PAGE_NUMBER_MAX) {
      throw new AppError('request.invalid', {
        field: 'page',
        public: `"page" must be at most ${PAGE_NUMBER_MAX}. For the keys beyond, follow the cursor of GET /api/v1/api-keys.`,
      });
    }
    const selection = await this.#selection(caller, { filter: {}, liveOnly: true });
    const [keys, total] = await Promise.all([
      this.list.skipping(selection, perPage, (page - 1) * perPage),
      this.list.liveCount(selection.reach),
    ]);
    return { keys, total };
  }

  async #selection(caller: Caller, { filter, liveOnly }: AskedKeys): Promise<KeySelection> {
    const reach = await this.reaches.toRead(caller);
    const { scope, ...rest } = filter;
    const canonical = scope === undefined ? {} : { scope: await this.#canonical(caller, scope) };
    return { reach, filter: { ...rest, ...canonical }, liveOnly, now: this.clock.now() };
  }

  async #canonical({ workspaceId }: Caller, text: string): Promise<string> {
    const scope = canonicalScope(await this.directory.profileOf(workspaceId), text);
    if (scope !== undefined) return scope;
    throw new AppError('key.unknown_scope', { field: 'scope', public: `Unknown scope ${JSON.stringify(text)}.` });
  }
}

const positionOf = (key: ListedKey, { by }: KeyOrder): KeyPosition => ({ value: sortedBy(key, by), id: key.keyId });

function sortedBy(key: ListedKey, by: KeyOrder['by']): string | null {
  switch (by) {
    case 'created':
      return key.createdAt.toISOString();
    case 'name':
      return key.name;
    case 'expires':
      return key.expiresAt?.toISOString() ?? null;
    case 'last_used':
      return key.lastUsedAt?.toISOString() ?? null;
    case 'secret':
      return key.secrets.at(-1)?.createdAt.toISOString() ?? null;
  }
}
