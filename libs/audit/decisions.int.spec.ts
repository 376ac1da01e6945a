import {
  accessTokenEnvelope,
  decisionEnvelope,
  decisionsIn,
  INSTALLATION,
  signInEnvelope,
  tableOf,
  TOPICS,
  type AccessTokenEntry,
  type Decision,
  type DecisionEvent,
  type DecisionTable,
  type SignInEntry,
} from '@latchkey/contracts';
import { openDatabase } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import { FakeClock, freshDatabase, type FreshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { auditMigrations } from './adapters/migrations';
import { PostgresParkedMessages } from './adapters/parked-messages';
import { PostgresAuditLog } from './adapters/postgres-audit-log';
import { PostgresAuditReader } from './adapters/postgres-audit-reader';
import { contextOfPart, PostgresDecisionLog } from './adapters/postgres-decision-log';
import { unseal } from '@latchkey/platform';
import { WorkspaceKeys } from './adapters/workspace-keys';
import { GapWatch } from './application/gap-watch';
import { RecordMessages } from './application/record-messages';
import { auditSources } from './surfaces/canonical/audit-event';

const NODE = '3f9a1c20';
const bootNumber = (number: number) => `01900000-0000-7000-8000-00000000000${number}`;
const sourceOf = (boot: number) => `latchkey/enforcement/${NODE}/${bootNumber(boot)}`;
const IP = '203.0.113.77';

const decision = (changes: Partial<Decision> = {}): Decision => ({
  timeMs: Date.UTC(2026, 0, 1),
  outcome: 'allowed',
  via: 'cache',
  secret: { workspaceId: 'w1', keyId: 'k1', number: 1 },
  ...{
    scopes: ['assets:read'],
    asset: null,
    action: null,
    method: 'GET',
    path: '/api/assets',
    ip: IP,
    userAgent: null,
    cost: 1,
  },
  caller: { kind: 'token', secret: { workspaceId: 'w1', keyId: 'k9', number: 1 } },
  ...changes,
});

describe('decisions in the audit', () => {
  const clock = new FakeClock('2026-01-01T00:00:00.000Z');
  const masterKey = new Secret('0123456789abcdef0123456789abcdef');
  const keys = new WorkspaceKeys(masterKey);
  let database: FreshDatabase;
  let dataSource: DataSource;
  let log: PostgresDecisionLog;
  let messages: RecordMessages;
  let reader: PostgresAuditReader;

  beforeEach(async () => {
    clock.set('2026-01-01T00:00:00.000Z');
    database = await freshDatabase();
    dataSource = await openDatabase({
      url: database.url,
      schema: 'audit',
      migrations: auditMigrations,
      applicationName: 'audit-test',
      poolSize: 3,
    });
    log = new PostgresDecisionLog(dataSource, keys, clock);
    messages = new RecordMessages(
      new PostgresAuditLog(dataSource, clock),
      log,
      new PostgresParkedMessages(dataSource, masterKey, clock),
    );
    reader = new PostgresAuditReader(dataSource);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const receive = (value: object, topic: string = TOPICS.decisions) =>
    messages.handle({
      ...{ topic, key: 'k', partition: 0, offset: '0' },
      value: Buffer.from(JSON.stringify(value)),
    });
  const send = (event: DecisionEvent, position: number) => receive(decisionEnvelope(event, position, clock.now()));
  const nodeOf = (boot: number) => ({ node: NODE, boot: bootNumber(boot) });
  const started = (boot: number): DecisionEvent => ({
    type: 'latchkey.node.started.v1',
    data: { ...nodeOf(boot), startedAt: clock.now().toISOString(), heartbeatMs: 10_000 },
  });
  const stopped = (boot: number): DecisionEvent => ({
    type: 'latchkey.node.stopped.v1',
    data: { ...nodeOf(boot), dropped: 0, stoppedAt: clock.now().toISOString() },
  });
  const batch = (boot: number, ...decisions: Decision[]): DecisionEvent => ({
    type: 'latchkey.decisions.recorded.v1',
    data: { ...nodeOf(boot), dropped: 0, decisions: tableOf(decisions, 0) },
  });
  const countOf = async (table: string) => {
    const [row] = await dataSource.query<{ count: number }[]>(`SELECT count(*)::integer AS count FROM ${table}`);
    return row?.count;
  };
  /** What a workspace's key opens. */
  const decisionsOf = async (workspaceId: string) =>
    (await contentsOf(workspaceId)).flatMap((content) => decisionsIn(content as DecisionTable));
  const contentsOf = async (workspaceId: string): Promise<readonly unknown[]> => {
    const key = (await keys.of(dataSource.manager, [workspaceId])).get(workspaceId);
    const parts = await dataSource.query<{ source: string; position: string; content: Buffer }[]>(
      'SELECT source, position, content FROM decision_parts WHERE workspace_id = $1 ORDER BY position, source DESC',
      [workspaceId],
    );
    return parts.map(({ source, position, content }) =>
      JSON.parse(unseal(key as Buffer, content, contextOfPart(source, position, workspaceId)).toString()),
    );
  };

  const MINE = decision();
  const THEIRS = decision({ secret: { workspaceId: 'w2', keyId: 'k2', number: 1 }, outcome: 'revoked' });
  const NOBODYS = decision({ secret: null, outcome: 'unknown' });

  it('are kept once, each workspace its own, those on unknown credentials with nobody', async () => {
    for (let time = 0; time < 2; time += 1) await send(batch(1, MINE, THEIRS, NOBODYS, MINE), 1);
    expect(await decisionsOf('w1')).toEqual([MINE, MINE]);
    expect(await decisionsOf('w2')).toEqual([THEIRS]);
    expect(await decisionsOf(INSTALLATION)).toEqual([NOBODYS]);
    expect(await countOf('decision_batches')).toBe(1);
  });

  it('of another kind, attempts to sign in, are kept as they are: each workspace its own, from a source of its own', async () => {
    const attempt = (changes: Partial<SignInEntry>): SignInEntry => ({
      ...{ timeMs: 0, outcome: 'succeeded', method: 'password', userId: 'u1', workspaceId: 'w1', ip: IP },
      ...{ userAgent: null, captcha: 'not_asked' },
      ...changes,
    });
    const mine = attempt({});
    const nobodys = attempt({ userId: null, workspaceId: null, outcome: 'no_such_account' });
    const data = { ...nodeOf(1), dropped: 0, signIns: [mine, nobodys] };
    const event = signInEnvelope({ type: 'latchkey.sign_ins.recorded.v1', data }, 1, clock.now());
    for (let time = 0; time < 2; time += 1) await receive(event, TOPICS.signIns);
    await send(batch(1, MINE), 1);
    expect(await contentsOf('w1')).toEqual([[mine], expect.objectContaining({ rows: [expect.anything()] })]);
    expect(await contentsOf(INSTALLATION)).toEqual([[nobodys]]);
    expect((await reader.sources()).map(({ source }) => source).sort()).toEqual([sourceOf(1), event.source]);
  });

  it('of another kind, requests for access tokens, are kept as they are: each workspace its own, those of nobody with nobody', async () => {
    const request = (changes: Partial<AccessTokenEntry>): AccessTokenEntry => ({
      ...{ timeMs: 0, outcome: 'issued', endpoint: 'token', method: 'client_secret_basic', clientId: 'c1' },
      ...{ workspaceId: 'w1', jti: 't1', scopes: ['assets:read'], expiresAtMs: 3_600_000, ip: IP, userAgent: null },
      ...changes,
    });
    const mine = request({});
    const nobodys = request({ clientId: null, workspaceId: null, jti: null, expiresAtMs: null, outcome: 'unknown' });
    const data = { ...nodeOf(1), dropped: 0, accessTokens: [mine, nobodys] };
    const event = accessTokenEnvelope({ type: 'latchkey.access_tokens.recorded.v1', data }, 1, clock.now());
    for (let time = 0; time < 2; time += 1) await receive(event, TOPICS.accessTokens);
    expect(await contentsOf('w1')).toEqual([[mine]]);
    expect(await contentsOf(INSTALLATION)).toEqual([[nobodys]]);
    expect((await reader.sources()).map(({ source }) => source)).toEqual([event.source]);
  });

  it('are no events that any workspace is shown', async () => {
    await send(started(1), 1);
    await send(batch(1, MINE, THEIRS, NOBODYS), 2);
    expect(await countOf('audit_events')).toBe(0);
    for (const workspaceId of ['w1', 'w2', INSTALLATION])
      expect(await reader.list({ workspaceId }, 10, null)).toEqual([]);
  });

  it('show no address to who reads the tables, and none at all when the key of the workspace is erased', async () => {
    await send(batch(1, MINE), 1);
    const showing = async (text: string) => {
      const [row] = await dataSource.query<{ count: number }[]>(
        `SELECT count(*)::integer FROM decision_batches NATURAL JOIN decision_parts NATURAL JOIN decision_sources
         WHERE position($1::bytea IN content) > 0 OR decision_batches::text || decision_sources::text LIKE '%' || $2 || '%'`,
        [Buffer.from(text), text],
      );
      return row?.count;
    };
    expect([await showing(NODE), await showing(IP)]).toEqual([1, 0]);
    await dataSource.query("DELETE FROM workspace_keys WHERE workspace_id = 'w1'");
    await expect(decisionsOf('w1')).rejects.toThrow();
  });

  it('open only as what they are: not as a part of another batch', async () => {
    await send(batch(1, MINE), 1);
    await dataSource.query(
      'INSERT INTO decision_batches SELECT source, 2, $1, type, decisions, first_at, last_at, bytes, recorded_at FROM decision_batches',
      ['x'],
    );
    await dataSource.query('UPDATE decision_parts SET position = 2');
    await expect(decisionsOf('w1')).rejects.toThrow();
  });

  it('a number that is missing shows, and a batch that contradicts what is there is refused', async () => {
    await send(started(1), 1);
    await send(batch(1, MINE), 3);
    expect(await reader.sources()).toMatchObject([{ source: sourceOf(1), gaps: [{ first: '2', last: '2' }] }]);
    await expect(receive({ ...decisionEnvelope(batch(1, THEIRS), 3, clock.now()), id: 'other' })).rejects.toThrow(
      'do not belong together',
    );
    await send(batch(1, MINE), 2);
    expect(await reader.sources()).toMatchObject([{ lastPosition: '3', gaps: [] }]);
  });

  it('are forgotten after their time, and do not come back', async () => {
    await send(started(1), 1);
    await send(batch(1, MINE), 2);
    clock.advance(2_000);
    await send(batch(1, THEIRS), 3);
    await log.prune(new Date(clock.now().getTime() - 1_000));
    expect(await decisionsOf('w1')).toEqual([]);
    expect(await decisionsOf('w2')).toEqual([THEIRS]);
    await send(batch(1, MINE), 2);
    expect(await decisionsOf('w1')).toEqual([]);
    expect(await reader.sources()).toMatchObject([{ gaps: [] }]);
    await log.prune(new Date(clock.now().getTime() + 1));
    expect(await reader.sources()).toEqual([]);
  });

  it('an event of a type that is not known yet is kept; one that no node sends is refused', async () => {
    const known = decisionEnvelope(started(1), 1, clock.now());
    await receive({ ...known, type: 'latchkey.node.of_the_future.v1', data: { ip: IP }, newattribute: 1 });
    expect(await countOf('decision_parts')).toBe(1);
    for (const poison of [
      { ...known, source: 'latchkey/issuance' },
      { ...known, data: { node: NODE } },
      { ...decisionEnvelope(batch(1, MINE), 2, clock.now()), data: { ...batch(1).data, decisions: { rows: [[1]] } } },
    ])
      await expect(receive(poison)).rejects.toMatchObject({ name: 'PoisonMessageError' });
  });

  describe('a node', () => {
    const told: string[] = [];
    const watchNodes = () =>
      new GapWatch(
        reader,
        {
          opened: () => {},
          closed: () => {},
          fellSilent: (source, since) => told.push(`${source.at(-1)} silent since ${since.getUTCSeconds()}`),
          silenceEnded: (source) => told.push(`${source.at(-1)} heard`),
        },
        { set: () => {} },
        clock,
        10_000,
      );
    const silent = async () => auditSources(await reader.sources(), clock.now()).map((one) => one.silent_since);
    beforeEach(() => void told.splice(0));

    it('that is not heard of for three heartbeats is told of, until it is heard', async () => {
      const watch = watchNodes();
      await send(started(1), 1);
      clock.advance(30_000);
      await watch.look();
      expect([told, await silent()]).toEqual([[], [null]]);
      clock.advance(1);
      await watch.look();
      await watch.look();
      expect([told, await silent()]).toEqual([['1 silent since 0'], ['2026-01-01T00:00:00.000Z']]);
      await send(batch(1), 2);
      await watch.look();
      expect([told.slice(1), await silent()]).toEqual([['1 heard'], [null]]);
    });

    it('that has said that it stops is not missed', async () => {
      const watch = watchNodes();
      await send(started(1), 1);
      await send(stopped(1), 2);
      clock.advance(60_000);
      await watch.look();
      expect([told, await silent()]).toEqual([[], [null]]);
    });

    it('that was killed is missed until it begins anew', async () => {
      const watch = watchNodes();
      await send(started(1), 1);
      clock.advance(60_000);
      await watch.look();
      await send(started(2), 1);
      await watch.look();
      expect(told).toEqual(['1 silent since 0', '1 heard']);
    });

    it('is given the time that the audit itself was away', async () => {
      await send(started(1), 1);
      clock.advance(60_000);
      const watch = watchNodes();
      await watch.look();
      clock.advance(30_001);
      await watch.look();
      expect(told).toEqual(['1 silent since 0']);
    });

    it('is not shown to workspaces, nor how often it started: enforcement is one source', async () => {
      await send(started(1), 1);
      await send(started(2), 2);
      expect(auditSources(await reader.sources(), clock.now())).toEqual([
        {
          source: 'latchkey/enforcement',
          complete: false,
          open_since: '2026-01-01T00:00:00.000Z',
          open_for_seconds: 0,
          silent_since: null,
        },
      ]);
    });
  });
});
