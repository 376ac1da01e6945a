import { AppError, type WorkspaceId } from '@latchkey/kernel';
import { findKey } from './key-ref';
import type { ListedKey, KeyList, KeyListPosition } from './ports';

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

export class ReadKeysQuery {
  constructor(private readonly list: KeyList) {}

  /** Revoked keys included. @throws AppError `key.not_found` */
  async one(workspaceId: WorkspaceId, ref: string): Promise<ListedKey> {
    return (await findKey(this.list, workspaceId, ref)).key;
  }

  /** @throws AppError `key.not_found`, for a revoked key too */
  async oneLive(workspaceId: WorkspaceId, ref: string): Promise<ListedKey> {
    const key = await this.one(workspaceId, ref);
    if (key.status === 'Revoked') throw new AppError('key.not_found');
    return key;
  }

  /** Newest first, revoked keys included. */
  async after(workspaceId: WorkspaceId, position: KeyListPosition | null, limit: number): Promise<KeyPage> {
    const found = await this.list.after({ workspaceId, liveOnly: false, limit: limit + 1 }, position);
    const keys = found.slice(0, limit);
    const last = keys.at(-1);
    return { keys, next: found.length > limit && last ? last : null };
  }

  /** Keys that are not revoked, newest first. @param page from 1 @throws AppError `request.invalid` beyond the last page allowed */
  async page(workspaceId: WorkspaceId, page: number, perPage: number): Promise<NumberedKeyPage> {
    if (page > PAGE_NUMBER_MAX) {
      throw new AppError('request.invalid', {
        field: 'page',
        public: `"page" must be at most ${PAGE_NUMBER_MAX}. For the keys beyond, follow the cursor of GET /api/v1/api-keys.`,
      });
    }
    const [keys, total] = await Promise.all([
      this.list.skipping({ workspaceId, liveOnly: true, limit: perPage }, (page - 1) * perPage),
      this.list.liveCount(workspaceId),
    ]);
    return { keys, total };
  }
}
