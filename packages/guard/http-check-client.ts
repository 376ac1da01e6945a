import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import type { CheckClient } from './check-client';
import { parseCheckResult } from './check-result';
import { JsonPoster, type ClientTls } from './json-poster';
import { NodesInTurn } from './nodes-in-turn';

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

/**
 * Asks enforcement's nodes over HTTP in turn. A node that cannot be reached, answers 5xx or keeps silent is passed over within the same
 * deadline; asking twice is safe, as it errs towards counting a call once too often. When no node answers, nobody passes.
 */
export class HttpCheckClient implements CheckClient {
  readonly #nodes: NodesInTurn<URL>;
  readonly #poster: JsonPoster;

  /** `baseUrls`: one per node, such as `http://127.0.0.1:8083`. */
  constructor(
    baseUrls: readonly string[],
    private readonly options: HttpCheckClientOptions = {},
  ) {
    const addresses = baseUrls.map((base) => new URL('/v1/check', base));
    this.#nodes = new NodesInTurn(addresses, options.timeoutMs ?? TIMEOUT_MS);
    this.#poster = new JsonPoster({ ...options, replyBytesMax: REPLY_BYTES_MAX });
  }

  /** @throws AppError `auth.unavailable`: no node gave an answer that can be believed. */
  check(request: CheckRequest): Promise<CheckResult> {
    return this.#nodes.ask((address, timeoutMs) =>
      this.#ask(address, request, AbortSignal.timeout(Math.ceil(timeoutMs))),
    );
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
