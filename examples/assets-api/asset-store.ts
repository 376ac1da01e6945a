import { AppError } from '@latchkey/kernel';
import type { Asset } from './asset';

const ASSETS_PER_WORKSPACE_MAX = 10_000;

/** Assets by workspace, in memory: this is an example. */
export class AssetStore {
  readonly #workspaces = new Map<string, Map<string, Asset>>();

  /** In order of their names. */
  list(workspaceId: string): readonly Asset[] {
    const assets = this.#workspaces.get(workspaceId)?.values() ?? [];
    return [...assets].sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  }

  /**
   * Adds what is not there yet; all or nothing. @returns how many are new
   * @throws AppError `request.invalid` when the workspace would have too many
   */
  add(workspaceId: string, hostnames: readonly string[], now: Date): number {
    const assets = this.#workspaces.get(workspaceId) ?? new Map<string, Asset>();
    const added = [...new Set(hostnames)].filter((hostname) => !assets.has(hostname));
    if (assets.size + added.length > ASSETS_PER_WORKSPACE_MAX) {
      throw new AppError('request.invalid', {
        field: 'assets',
        public: `A workspace has at most ${ASSETS_PER_WORKSPACE_MAX} assets.`,
      });
    }
    this.#workspaces.set(workspaceId, assets);
    for (const hostname of added) {
      assets.set(hostname, { hostname, security_score: null, created_at: now.toISOString() });
    }
    return added.length;
  }
}
