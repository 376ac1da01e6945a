import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  nodeOfSource,
  parseEvent,
  TOPICS,
  type AccessTokenEntry,
  type AccessTokensRecorded,
} from '@latchkey/contracts';
import type { BusMessage } from '@latchkey/event-bus';
import { UuidV7Source } from '@latchkey/platform';
import { startRecord } from '@latchkey/telemetry';
import { Registry } from 'prom-client';
import { PromTokenCounter } from './adapters/prom-token-counter';
import { accessTokenTelemetry, RecordedTokens } from './application/access-token-telemetry';

const issued = (changes: Partial<AccessTokenEntry> = {}): AccessTokenEntry => ({
  ...{ timeMs: Date.UTC(2026, 3, 28, 12), outcome: 'issued', endpoint: 'token', method: 'client_secret_basic' },
  ...{ clientId: 'c1', workspaceId: 'w1', jti: 't1', scopes: ['assets:read'], expiresAtMs: Date.UTC(2026, 3, 28, 13) },
  ...{ ip: '192.0.2.1', userAgent: 'a program' },
  ...changes,
});
const refused = (changes: Partial<AccessTokenEntry> = {}): AccessTokenEntry =>
  issued({
    outcome: 'unknown',
    clientId: null,
    workspaceId: null,
    jti: null,
    scopes: [],
    expiresAtMs: null,
    ...changes,
  });

class Bus {
  readonly received: BusMessage[] = [];

  publish(messages: readonly BusMessage[]): Promise<void> {
    this.received.push(...messages);
    return Promise.resolve();
  }

  get events() {
    return this.received.map(({ value }) => parseEvent(JSON.parse(value.toString())));
  }

  get entries(): readonly AccessTokenEntry[] {
    return this.events.flatMap(({ type, data }) =>
      type === 'latchkey.access_tokens.recorded.v1' ? (data as AccessTokensRecorded['data']).accessTokens : [],
    );
  }
}

describe('the record of access tokens', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-access-tokens-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** What the bus has, and the counters, once all that is given has been recorded. */
  async function recorded(...given: readonly AccessTokenEntry[]) {
    const bus = new Bus();
    const metrics = new Registry();
    const note = () => undefined;
    const record = await startRecord(accessTokenTelemetry, {
      ...{ folder, bus, metrics, boot: new UuidV7Source().next() },
      log: { onDropped: note, onNotWritten: note, onNotPublished: note },
      ...{ spoolBytesMax: 10_000_000, heartbeatMs: 10_000 },
    });
    const tokens = new RecordedTokens(record, new PromTokenCounter(metrics));
    for (const entry of given) tokens.record(entry);
    await record.stop(5_000);
    const counted = async (name: string) =>
      (await metrics.getSingleMetric(name)?.get())?.values.reduce((sum, { value }) => sum + value, 0);
    return { bus, counted };
  }

  it('has every token that was issued and every refusal, in numbered events from a source of this node of oauth', async () => {
    const all = [issued(), refused({ endpoint: 'introspection' }), refused({ clientId: 'c1', workspaceId: 'w1' })];
    const { bus } = await recorded(...all);
    expect(bus.entries).toEqual(all);
    expect(bus.events.map(({ position }) => position)).toEqual(['1', '2', '3']);
    expect(new Set(bus.received.map(({ topic }) => topic))).toEqual(new Set([TOPICS.accessTokens]));
    for (const { source } of bus.events)
      expect([nodeOfSource(source) === null, source]).toEqual([false, expect.stringMatching(/^latchkey\/oauth\//)]);
  });

  it('cannot be filled by refusals, least of all by those of strangers or of one workspace: what is left out is counted; no token is left out', async () => {
    const many = Array.from({ length: 1_000 }, () => [
      issued(),
      refused(),
      ...[1, 2, 3].map((each) => refused({ clientId: `c${each}`, workspaceId: `w${each}`, outcome: 'suspended' })),
    ]).flat();
    const { bus, counted } = await recorded(...many, refused({ timeMs: Date.UTC(2026, 3, 28, 12, 0, 1) }));
    const countOf = (clientId: string | null, outcome: string) =>
      bus.entries.filter((entry) => entry.clientId === clientId && entry.outcome === outcome).length;
    expect([countOf('c1', 'issued'), countOf(null, 'unknown')]).toEqual([1_000, 11]);
    expect([1, 2, 3].map((each) => countOf(`c${each}`, 'suspended'))).toEqual([20, 20, 20]);
    expect(await counted('oauth_requests_total')).toBe(5_001);
    expect(await counted('oauth_requests_unrecorded_total')).toBe(3_930);
  });

  it('holds no key and no token that somebody has put into the name of a program, and not more of it than 256 characters', async () => {
    const key = `lk_live_${'a1'.repeat(22)}`;
    const token = `eyJ${'b2'.repeat(20)}.eyJ${'c3'.repeat(20)}.${'d4'.repeat(20)}`;
    const { bus } = await recorded(...[key, token, 'x'.repeat(10_000)].map((userAgent) => refused({ userAgent })));
    expect(JSON.stringify(bus.entries)).not.toMatch(/a1a1a1|c3c3c3|d4d4d4/);
    expect(bus.entries.map(({ userAgent }) => (userAgent?.length ?? 0) <= 256)).toEqual([true, true, true]);
  });
});
