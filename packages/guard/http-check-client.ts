import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { CheckClient } from './check-client';
import { parseCheckResult } from './check-result';
import { JsonPoster, type ClientTls } from './json-poster';

const TIMEOUT_MS = 2_000;
const REPLY_BYTES_MAX = 1_048_576;

export interface HttpCheckClientOptions {
  /** For the whole check, however many nodes are tried; 2,000 ms when absent. */
  readonly timeoutMs?: number;
  /** The service token that it asks with, taken anew for every check. None for nodes that know it by its certificate, or on this machine. */
  readonly token?: (() => string) | undefined;
  /** For `https` addresses. A function is asked before every check: another object than before means new connections. */
  readonly tls?: ClientTls | (() => ClientTls) | undefined;
  /** The name that a node's certificate must have. That of its address when absent. */
  readonly serverName?: string | undefined;
}

const unavailable = (internal: string, cause?: unknown) =>
  new AppError('auth.unavailable', { internal, retryAfterSeconds: 1, ...(cause !== undefined && { cause }) });

/**
 * Asks enforcement's nodes over HTTP in turn. A node that cannot be reached, answers 5xx or keeps silent is passed over within the same
 * deadline; asking twice is safe, as it errs towards counting a call once too often. When no node answers, nobody passes.
 */
export class HttpCheckClient implements CheckClient {
  readonly #addresses: readonly URL[];
  readonly #timeoutMs: number;
  readonly #poster: JsonPoster;
  #turn = 0;

  /** `baseUrls`: one per node, such as `http://127.0.0.1:8083`. */
  constructor(
    baseUrls: readonly string[],
    private readonly options: HttpCheckClientOptions = {},
  ) {
    if (baseUrls.length === 0) throw new RangeError('a check client needs the address of at least one node');
    this.#addresses = baseUrls.map((base) => new URL('/v1/check', base));
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#poster = new JsonPoster({ ...options, replyBytesMax: REPLY_BYTES_MAX });
  }

  /** @throws AppError `auth.unavailable`: no node gave an answer that can be believed. */
  async check(request: CheckRequest): Promise<CheckResult> {
    const deadline = performance.now() + this.#timeoutMs;
    const first = this.#turn;
    this.#turn = (this.#turn + 1) % this.#addresses.length;
    let last: unknown;
    for (let attempt = 0; attempt < this.#addresses.length; attempt += 1) {
      const address = this.#addresses[(first + attempt) % this.#addresses.length];
      const leftMs = deadline - performance.now();
      if (address === undefined || leftMs <= 0) break;
      try {
        // A silent node takes its share of the time only.
        const share = Math.ceil(leftMs / (this.#addresses.length - attempt));
        return await this.#ask(address, request, AbortSignal.timeout(share));
      } catch (error) {
        last = error;
      }
    }
    throw unavailable('no enforcement node gave an answer', last);
  }

  close(): void {
    this.#poster.close();
  }

  async #ask(address: URL, request: CheckRequest, signal: AbortSignal): Promise<CheckResult> {
    const { token } = this.options;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token()}` };
    return parseCheckResult(JSON.parse(await this.#poster.post(address, headers, JSON.stringify(request), signal)));
  }
}
