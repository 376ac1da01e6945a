import { AppError } from '@latchkey/kernel';
import type { Caller } from './caller';
import type { KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { ListedKey, KeyList, KeyListPosition, OldSecretsQuery } from './ports';

/** Greatest number of a numbered page; beyond it only the cursor leads (C33). */
export const PAGE_NUMBER_MAX = 1_000;

export interface KeyPage {
  readonly keys: readonly ListedKey[];
  /** Where the next page begins, `null` on the last one. */
  readonly next: KeyListPosition | null;
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

  /** Newest first, revoked keys included. */
  async after(caller: Caller, position: KeyListPosition | null, limit: number): Promise<KeyPage> {
    const reach = await this.reaches.toRead(caller);
    const found = await this.list.after({ reach, liveOnly: false, limit: limit + 1 }, position);
    return pageOf(found, limit, ({ createdAt }) => createdAt);
  }

  /** Keys to rotate: those that pass and whose newest secret was created before `before`, the oldest first. */
  async withOldSecrets(
    caller: Caller,
    { before, now }: Pick<OldSecretsQuery, 'before' | 'now'>,
    position: KeyListPosition | null,
    limit: number,
  ): Promise<KeyPage> {
    const reach = await this.reaches.toRead(caller);
    const found = await this.list.withOldSecrets({ reach, before, now, limit: limit + 1 }, position);
    return pageOf(found, limit, ({ secrets }) => secrets.at(-1)?.createdAt);
  }

  /** Keys that are not revoked, newest first. @param page from 1 @throws AppError `request.invalid` beyond the last page allowed */
  async page(caller: Caller, page: number, perPage: number): Promise<NumberedKeyPage> {
    if (page > PAGE_NUMBER_MAX) {
      throw new AppError('request.invalid', {
        field: 'page',
        public: `"page" must be at most ${PAGE_NUMBER_MAX}. For the keys beyond, follow the cursor of GET /api/v1/api-keys.`,
      });
    }
    const reach = await this.reaches.toRead(caller);
    const [keys, total] = await Promise.all([
      this.list.skipping({ reach, liveOnly: true, limit: perPage }, (page - 1) * perPage),
      this.list.liveCount(reach),
    ]);
    return { keys, total };
  }
}

/** @param found one more than the page has, where there is one @param timeOf what the list goes by */
function pageOf(found: readonly ListedKey[], limit: number, timeOf: (key: ListedKey) => Date | undefined): KeyPage {
  const keys = found.slice(0, limit);
  const last = keys.at(-1);
  const at = last && timeOf(last);
  return { keys, next: found.length > limit && last && at ? { at, id: last.keyId } : null };
}
