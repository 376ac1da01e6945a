import { AppError } from '@latchkey/kernel';
import { z } from 'zod';
import type { AssetInventories } from '../../application/asset-source-ports';
import { ASSET_NAME_LENGTH_MAX } from '../../domain/asset-source/asset-source';
import { readText } from '../read-text';

export interface HttpAssetInventoriesOptions {
  /** `https://inventory.example.com`: what may be asked at all. No other place is, whatever a workspace says. */
  readonly origins: readonly string[];
  /** 5,000 ms when absent. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const NAMES_MAX = 10_000;

const inventory = z.array(z.string().min(1).max(ASSET_NAME_LENGTH_MAX)).max(NAMES_MAX);

/**
 * Lists of assets over HTTP: `GET` answers a JSON array of names. Without credentials, and without redirects, which could lead anywhere. Those who
 * ask at once for one list share the answer.
 */
export class HttpAssetInventories implements AssetInventories {
  readonly #reading = new Map<string, Promise<readonly string[]>>();

  constructor(private readonly options: HttpAssetInventoriesOptions) {}

  allows(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const { origin, protocol, username, password } = new URL(url);
    return (
      ['http:', 'https:'].includes(protocol) &&
      username === '' &&
      password === '' &&
      this.options.origins.includes(origin)
    );
  }

  async names(url: string): Promise<readonly string[]> {
    if (!this.allows(url)) throw unavailable('its address is not allowed any more');
    const reading = this.#reading.get(url) ?? this.#read(url).finally(() => this.#reading.delete(url));
    this.#reading.set(url, reading);
    return reading;
  }

  async #read(url: string): Promise<readonly string[]> {
    try {
      return inventory.parse(JSON.parse(await readText(url, this.options.timeoutMs ?? TIMEOUT_MS)));
    } catch (cause) {
      throw unavailable('it did not answer a list of names', cause);
    }
  }
}

const unavailable = (why: string, cause?: unknown) =>
  new AppError('asset_source.unavailable', { internal: `asset source: ${why}`, retryAfterSeconds: 5, cause });
