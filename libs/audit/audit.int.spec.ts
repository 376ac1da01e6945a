import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Module } from '@nestjs/common';
import { SOURCES, TOPICS, type EventEnvelope } from '@latchkey/contracts';
import { eventBusMigrations, PostgresEventBus } from '@latchkey/event-bus';
import { openDatabase } from '@latchkey/event-store';
import { GuardModule } from '@latchkey/guard';
import { Secret } from '@latchkey/kernel';
import { createLogger, createService, CursorCodec, type Service } from '@latchkey/platform';
import { eventually, FakeClock, freshDatabase, type FreshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { PostgresAuditReader } from './adapters/postgres-audit-reader';
import { GapWatch } from './application/gap-watch';
import { GAP_WATCH } from './audit-recorder';
import { auditMigrations, AuditModule } from './index';
import { workspaceCheck } from './testing/workspace-check';

interface Item {
  readonly id: string;
  readonly position: string;
  readonly source: string;
}

describe('the audit', () => {
  const clock = new FakeClock('2026-02-01T00:00:00.000Z');
  let database: FreshDatabase;
  let dataSource: DataSource;
  let busDataSource: DataSource;
  let bus: PostgresEventBus;
  let service: Service;
  let next: number;

  beforeEach(async () => {
    next = 0;
    database = await freshDatabase();
    const open = (schema: string, migrations: typeof auditMigrations | typeof eventBusMigrations) =>
      openDatabase({ url: database.url, schema, migrations, applicationName: 'audit-test', poolSize: 3 });
    dataSource = await open('audit', auditMigrations);
    busDataSource = await open('event_bus', eventBusMigrations);
    const logger = createLogger({ service: 'audit', destination: new Writable({ write: (_, __, done) => done() }) });
    bus = new PostgresEventBus({ dataSource: busDataSource, log: logger, pollMs: 200 });
    const masterKey = new Secret('0123456789abcdef0123456789abcdef');
    const cursors = new CursorCodec(masterKey);

    @Module({
      imports: [
        GuardModule.forRoot({ client: workspaceCheck }),
        AuditModule.register({ dataSource, bus, cursors, clock, masterKey }),
      ],
    })
    class AuditApp {}
    service = await createService({ name: 'audit', module: AuditApp, config: { host: '127.0.0.1', port: 0 }, logger });
  });
  afterEach(async () => {
    await service.stop();
    await bus.close();
    await Promise.all([dataSource.destroy(), busDataSource.destroy()]);
    await database.drop();
  });

  const event = (changes: Partial<EventEnvelope> = {}): EventEnvelope => {
    next += 1;
    return {
      specversion: '1.0',
      id: randomUUID(),
      source: SOURCES.issuance,
      type: 'latchkey.key.revoked.v1',
      subject: `key-${next}`,
      time: new Date(Date.UTC(2026, 0, 1, 0, 0, next)).toISOString(),
      datacontenttype: 'application/json',
      streamversion: 1,
      position: String(next),
      workspaceid: 'ws-1',
      actorid: 'user-1',
      requestid: 'req-1',
      data: { reason: 'leaked', revokedAt: '2026-01-01T00:00:00.000Z' },
      ...changes,
    };
  };
  const publish = (...events: readonly EventEnvelope[]) =>
    bus.publish(
      events.map((one) => ({ topic: TOPICS.keys, key: one.subject, value: Buffer.from(JSON.stringify(one)) })),
    );
  const get = async <Body>(path: string, workspace = 'ws-1') => {
    const url = `/api/v1/audit-events${path}`;
    const reply = await service.fastify.inject({ url, headers: { 'x-api-key': workspace } });
    return { status: reply.statusCode, body: reply.json<Body>() };
  };
  const list = async (query = '', workspace?: string) =>
    (await get<{ items: Item[]; next_cursor: string | null }>(query, workspace)).body;
  const recorded = (count: number) =>
    eventually(async () => {
      const [row] = await dataSource.query<{ count: number }[]>('SELECT count(*)::integer AS count FROM audit_events');
      expect(row?.count).toBe(count);
    });
  const sources = async () => (await get<{ sources: unknown[] }>('/sources')).body;
  /** What operators see: values of `latchkey_audit_*`, once they have been looked at anew. */
  const gauges = async () => {
    await service.app.get<GapWatch>(GAP_WATCH).look();
    const lines = (await service.metrics.metrics()).matchAll(/^latchkey_audit_(\w+)\{(.*)\} (\d+)$/gm);
    return Object.fromEntries(
      [...lines].map(([, name, labels, value]) => [
        [name, /source="latchkey\/(\w+)"/.exec(labels ?? '')?.[1]].filter(Boolean).join(' '),
        Number(value),
      ]),
    );
  };
  const complete = (source: string) => ({
    source,
    complete: true,
    open_since: null,
    open_for_seconds: null,
    silent_since: null,
  });

  it('shows an event as it was published, in snake case', async () => {
    const one = event({ data: { reason: 'leaked', revokedAt: 'then', nested: [{ oldSecretId: 'k.1' }] } });
    await publish(one);
    await recorded(1);
    expect(await list()).toEqual({
      items: [
        {
          id: one.id,
          type: one.type,
          time: one.time,
          subject: one.subject,
          actor_id: 'user-1',
          request_id: 'req-1',
          source: 'latchkey/issuance',
          position: '1',
          data: { reason: 'leaked', revoked_at: 'then', nested: [{ old_secret_id: 'k.1' }] },
        },
      ],
      next_cursor: null,
    });
  });

  it('keeps an event once, however often it is delivered', async () => {
    const [first, second] = [event(), event()];
    await publish(first, second, first);
    await publish(second, first);
    await publish(event());
    await recorded(3);
    expect((await list()).items.map(({ position }) => position)).toEqual(['3', '2', '1']);
    expect(await sources()).toEqual({ sources: [complete('latchkey/issuance')] });
    expect(await gauges()).toEqual({
      'last_position issuance': 3,
      'missing_positions issuance': 0,
      parked_messages: 0,
      parked_pruned_total: 0,
      silent_nodes: 0,
    });
  });

  it('keeps events of types that it does not know', async () => {
    await publish(event({ type: 'latchkey.key.transferred.v9', data: { anything: 1 } }));
    await recorded(1);
    expect((await list('?type=latchkey.key.transferred.v9')).items).toHaveLength(1);
  });

  it('parks what is no event, and what contradicts the log, and goes on', async () => {
    const subject = 'x';
    const good = event({ subject });
    const usurper = event({ subject, position: '1' });
    await publish(good, usurper, event({ subject, id: good.id, position: '7' }), event({ subject, actorid: '\u0000' }));
    await bus.publish(
      ['{', '{"id":1}'].map((text) => ({ topic: TOPICS.keys, key: subject, value: Buffer.from(text) })),
    );
    await publish(event({ subject, position: '2' }));
    await recorded(2);
    await eventually(async () => expect(await gauges()).toMatchObject({ parked_messages: 5 }));
    const reasons = await dataSource.query<{ reason: string }[]>('SELECT reason FROM parked_messages ORDER BY reason');
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'an attribute has a value that cannot be stored',
      'not an event: not JSON',
      expect.stringMatching(/^not an event: specversion: /),
      `position 1 of latchkey/issuance and event ${usurper.id} do not belong together`,
      `position 7 of latchkey/issuance and event ${good.id} do not belong together`,
    ]);
  });

  it('reports a gap in the positions of a source with how long it has been open, until it is closed', async () => {
    const [one, two, three, four] = [event(), event(), event(), event()];
    await publish(one, four);
    await recorded(2);
    const watched: string[] = [];
    const watch = new GapWatch(
      new PostgresAuditReader(dataSource),
      {
        opened: ({ first, last }, seconds) => watched.push(`${first}-${last} open for ${seconds} s`),
        closed: ({ first, last }) => watched.push(`${first}-${last} closed`),
        fellSilent: (source) => watched.push(`${source} silent`),
        silenceEnded: (source) => watched.push(`${source} heard`),
      },
      { set: () => undefined },
      clock,
      10_000,
    );
    clock.advance(5_000);
    await watch.look();
    expect(watched).toEqual([]);
    clock.advance(6_000);
    await watch.look();
    await watch.look();
    expect(watched).toEqual(['2-3 open for 11 s']);
    // A workspace learns that something is missing; which events, and of how many, is not its business.
    expect(await sources()).toEqual({
      sources: [
        {
          source: 'latchkey/issuance',
          complete: false,
          open_since: '2026-02-01T00:00:00.000Z',
          open_for_seconds: 11,
          silent_since: null,
        },
      ],
    });
    expect(await gauges()).toMatchObject({ 'last_position issuance': 4, 'missing_positions issuance': 2 });

    await publish(three, two);
    await recorded(4);
    await watch.look();
    expect(watched).toEqual(['2-3 open for 11 s', '2-3 closed']);
    expect(await sources()).toEqual({ sources: [complete('latchkey/issuance')] });
    expect(await gauges()).toMatchObject({ 'missing_positions issuance': 0 });
  });

  it('misses the positions before the first one that it sees', async () => {
    await publish(event({ position: '3' }), event({ source: SOURCES.identity, position: '1' }));
    await recorded(2);
    expect(await sources()).toMatchObject({
      sources: [
        { source: 'latchkey/identity', complete: true },
        { source: 'latchkey/issuance', complete: false },
      ],
    });
    expect(await gauges()).toMatchObject({ 'missing_positions issuance': 2, 'missing_positions identity': 0 });
  });

  it('filters by type, subject, actor, request and time', async () => {
    await publish(
      event({ type: 'latchkey.key.created.v1', subject: 'a' }),
      event({ subject: 'a', actorid: 'user-2' }),
      event({ subject: 'b', requestid: 'req-2' }),
    );
    await recorded(3);
    const found = async (query: string) => (await list(`?${query}`)).items.map(({ position }) => position);
    expect(await found('type=latchkey.key.created.v1')).toEqual(['1']);
    expect(await found('subject=a')).toEqual(['2', '1']);
    expect(await found('subject=a.2')).toEqual(['2', '1']);
    expect(await found('actor=user-2')).toEqual(['2']);
    expect(await found('request_id=req-2')).toEqual(['3']);
    expect(await found('from=2026-01-01T00:00:02Z')).toEqual(['3', '2']);
    expect(await found('from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59.999999Z')).toEqual(['3', '2', '1']);
    expect(await found('to=2026-01-01T01:00:02%2B01:00')).toEqual(['1']);
    expect(await found('from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:03Z&subject=a')).toEqual(['2']);
  });

  it('pages through everything once, newest first, also through events of one moment', async () => {
    const time = '2026-01-05T00:00:00.123Z';
    const positions = Array.from({ length: 23 }, (_, index) => String(index + 1));
    await publish(...positions.map((position) => event({ position, time })));
    await recorded(23);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list(`?limit=5${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ position }) => position));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(positions.toReversed());
    expect((await list()).items).toHaveLength(20);
  });

  it('shows a workspace nothing of another, and takes no cursor of another', async () => {
    await publish(...Array.from({ length: 3 }, () => event()));
    await publish(event({ workspaceid: 'ws-2' }));
    await recorded(4);
    expect((await list('', 'ws-2')).items.map(({ position }) => position)).toEqual(['4']);
    expect((await list('?subject=key-1', 'ws-2')).items).toEqual([]);
    const { next_cursor: cursor } = await list('?limit=1');
    expect(await get(`?cursor=${cursor}`, 'ws-2')).toMatchObject({ status: 400 });
  });

  it('refuses a bad query with a 400 that names the field', async () => {
    const queries = {
      workspace_id: 'workspace_id=ws-2',
      limit: 'limit=201',
      from: 'from=yesterday',
      to: 'to=9999-12-31T23:59:59-23:59',
      type: 'type=a&type=b',
      subject: 'subject=%00',
      actor: 'actor=lk_live_a1b2c3d4e5f6g7h8',
      cursor: 'cursor=abc.def',
    };
    for (const [field, query] of Object.entries(queries))
      expect(await get(`?${query}`)).toMatchObject({ status: 400, body: { field } });
  });
});
