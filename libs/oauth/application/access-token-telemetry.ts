import { recordedText } from '@latchkey/access';
import { SOURCES, TOPICS, type AccessTokenEntry, type AccessTokenEvent } from '@latchkey/contracts';
import { EachSecond } from '@latchkey/kernel';
import type { Entries, TelemetryKind } from '@latchkey/telemetry';
import type { TokenCounter, TokenRecord } from './token-record';

/** Of an object with a handful of members. */
const OBJECT_BYTES = 500;

const charactersOf = ({ userAgent, scopes }: AccessTokenEntry): number =>
  scopes.reduce((sum, scope) => sum + scope.length, userAgent?.length ?? 0);

/** The record of access tokens that were issued, and of clients that were refused (S3-17). */
export const accessTokenTelemetry: TelemetryKind<AccessTokenEntry> = {
  name: 'access_tokens',
  source: SOURCES.oauth,
  topic: TOPICS.accessTokens,
  bytesOf: (entry) => OBJECT_BYTES + 2 * charactersOf(entry),
  // As `RecordedTokens` has made them.
  presentable: (entries) => entries,
  batchOf: (entries, node): AccessTokenEvent => ({
    type: 'latchkey.access_tokens.recorded.v1',
    data: { ...node, accessTokens: [...entries] },
  }),
};

/** Refusals that are recorded in a second. Strangers shall not crowd out who tries with what was a client's once. */
const OF_KNOWN_CLIENTS = 100;
/** Nor the clients of one workspace those of all others. */
const OF_WORKSPACE = 20;
const OF_STRANGERS = 10;

/**
 * Tells the audit of tokens and refusals, and whoever operates the service. A client's tokens are bounded by its limit, and all are in the
 * audit. Refusals anybody can bring about without end: only some in each second are in the audit; all are counted, and those that are not
 * recorded once more.
 */
export class RecordedTokens implements TokenRecord {
  readonly #ofKnownClients = new EachSecond(OF_KNOWN_CLIENTS, OF_WORKSPACE);
  readonly #ofStrangers = new EachSecond(OF_STRANGERS);

  constructor(
    private readonly entries: Entries<AccessTokenEntry>,
    private readonly operators: TokenCounter,
  ) {}

  record(entry: AccessTokenEntry): void {
    this.operators.record(entry);
    const refusals = entry.clientId === null ? this.#ofStrangers : this.#ofKnownClients;
    if (entry.outcome !== 'issued' && !refusals.take(entry.timeMs, entry.workspaceId ?? ''))
      return this.operators.unrecorded();
    // At once: what is recorded waits in memory, and a user agent may be as long as all headers together.
    this.entries.record({ ...entry, userAgent: entry.userAgent === null ? null : recordedText(entry.userAgent) });
  }
}
