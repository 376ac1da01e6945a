import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { AppError, type Clock } from '@latchkey/kernel';
import type { Asset } from './asset';
import { AssetStore } from './asset-store';

export const CLOCK = Symbol('CLOCK');

/** What a principal may see and do. That it has the scope, the guard has seen to. */
@Injectable()
export class AssetsService {
  constructor(
    private readonly store: AssetStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The assets of the principal's workspace, less those that its key is not for. */
  list({ workspace_id: workspaceId, assets }: Principal): readonly Asset[] {
    return this.store.list(workspaceId).filter(({ hostname }) => assets === 'all' || assets.includes(hostname));
  }

  /** @returns how many are new @throws AppError `auth.forbidden` for an asset that the principal's key is not for */
  add({ workspace_id: workspaceId, assets }: Principal, hostnames: readonly string[]): number {
    if (assets !== 'all' && hostnames.some((hostname) => !assets.includes(hostname))) {
      throw new AppError('auth.forbidden', { public: 'The credential may not use one of these assets.' });
    }
    return this.store.add(workspaceId, hostnames, this.clock.now());
  }
}
