import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Module } from '@nestjs/common';
import {
  accessTokenEnvelope,
  decisionEnvelope,
  signInEnvelope,
  SOURCES,
  tableOf,
  TOPICS,
  type AccessTokenEntry,
  type Decision,
  type EventEnvelope,
  type SignInEntry,
} from '@latchkey/contracts';
import { openDatabase } from '@latchkey/event-store';
import { GuardModule } from '@latchkey/guard';
import { Secret } from '@latchkey/kernel';
import { createLogger, createService, CursorCodec, type Service } from '@latchkey/platform';
import {
  atFailpoint,
  disarmFailpoints,
  eventually,
  FakeClock,
  freshDatabase,
  type FreshDatabase,
} from '@latchkey/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { PostgresParkedMessages } from './adapters/parked-messages';
import { PostgresAuditLog } from './adapters/postgres-audit-log';
import { PostgresDecisionLog } from './adapters/postgres-decision-log';
import { WorkspaceKeys } from './adapters/workspace-keys';
import { RecordMessages } from './application/record-messages';
import { auditMigrations, AuditModule } from './index';
import { workspaceCheck } from './testing/workspace-check';

const NOW = Date.UTC(2026, 3, 28, 12);
const IP = '203.0.113.77';

interface Item {
  readonly id: string;
  readonly time: string;
  readonly outcome: string;
}
interface Body<One = Item> {
  readonly items: readonly One[];
  readonly next_cursor: string | null;
  readonly kept_from: string;
}

describe('what nodes have told', () => {
  const clock = new FakeClock(new Date(NOW).toISOString());
  const masterKey = new Secret('0123456789abcdef0123456789abcdef');
  let database: FreshDatabase;
  let dataSource: DataSource;
  let service: Service;
  let messages: RecordMessages;
  let position: number;

  beforeAll(async () => {
    database = await freshDatabase();
    dataSource = await openDatabase({
      url: database.url,
      schema: 'audit',
      migrations: auditMigrations,
      applicationName: 'audit-test',
      poolSize: 4,
    });
    const nothing = () => Promise.resolve();
    const bus = { publish: nothing, subscribe: () => Promise.resolve({ close: nothing }), close: nothing };
    const cursors = new CursorCodec(masterKey);
    @Module({
      imports: [
        GuardModule.forRoot({ client: workspaceCheck }),
        AuditModule.register({ dataSource, bus, cursors, clock, masterKey, decisionsKeptDays: 90 }),
      ],
    })
    class AuditApp {}
    const logger = createLogger({ service: 'audit', destination: new Writable({ write: (_, __, done) => done() }) });
    service = await createService({ name: 'audit', module: AuditApp, config: { host: '127.0.0.1', port: 0 }, logger });
    messages = recordingIn(dataSource);
    position = 0;
  });
  beforeEach(() => dataSource.query('DELETE FROM decision_batches'));
  afterEach(disarmFailpoints);
  afterAll(async () => {
    await service.stop();
    await dataSource.destroy();
    await database.drop();
  });

  const recordingIn = (source: DataSource) =>
    new RecordMessages(
      new PostgresAuditLog(source, clock),
      new PostgresDecisionLog(source, new WorkspaceKeys(masterKey), clock),
      new PostgresParkedMessages(source, masterKey, clock),
    );
  const receive = (topic: string, event: EventEnvelope, by = messages) =>
    by.handle({ topic, key: 'k', partition: 0, offset: '0', value: Buffer.from(JSON.stringify(event)) });
  const node = () => ({ node: '3f9a1c20', boot: '01900000-0000-7000-8000-000000000001', dropped: 0 });
  const next = () => (position += 1);

  const decided = (...decisions: readonly Decision[]) => {
    const data = { ...node(), decisions: tableOf(decisions, 0) };
    const event = decisionEnvelope({ type: 'latchkey.decisions.recorded.v1', data }, next(), clock.now());
    return receive(TOPICS.decisions, event);
  };
  const signedIn = (signIns: readonly SignInEntry[], by = messages) => {
    const data = { ...node(), signIns: [...signIns] };
    const event = signInEnvelope({ type: 'latchkey.sign_ins.recorded.v1', data }, next(), clock.now());
    return receive(TOPICS.signIns, event, by);
  };
  const erased = (userId: string) => {
    const type = 'latchkey.user.erased.v1';
    const event: EventEnvelope = {
      ...{ specversion: '1.0', id: randomUUID(), source: SOURCES.identity, type, subject: userId, streamversion: 9 },
      ...{ time: new Date(NOW).toISOString(), datacontenttype: 'application/json', position: String(next()) },
      ...{ workspaceid: 'installation', actorid: 'operator', requestid: 'erase' },
      data: { erasedAt: new Date(NOW).toISOString() },
    };
    return receive(TOPICS.identity, event);
  };

  const decision = (changes: Partial<Decision> = {}): Decision => ({
    ...{ timeMs: NOW, outcome: 'allowed', via: 'cache', secret: { workspaceId: 'w1', keyId: 'k1', number: 1 } },
    ...{
      scopes: ['assets:read'],
      asset: null,
      action: null,
      method: 'GET',
      path: '/api/assets',
      ip: IP,
      userAgent: 'curl/8.5.0',
      cost: 1,
    },
    caller: { kind: 'token', secret: { workspaceId: 'w1', keyId: 'k9', number: 2 } },
    ...changes,
  });
  const attempt = (changes: Partial<SignInEntry> = {}): SignInEntry => ({
    ...{ timeMs: NOW, outcome: 'wrong_password', method: 'password', userId: 'u1', workspaceId: 'w1', ip: IP },
    ...{ userAgent: 'a browser', captcha: 'not_asked' },
    ...changes,
  });

  const get = async <One = Item>(path: string, workspace = 'w1') => {
    const reply = await service.fastify.inject({ url: `/api/v1/${path}`, headers: { 'x-api-key': workspace } });
    return { status: reply.statusCode, body: reply.json<Body<One>>() };
  };
  const list = async <One = Item>(path: string, workspace?: string) => (await get<One>(path, workspace)).body.items;
  const outcomes = async (path: string, workspace?: string) =>
    (await list(path, workspace)).map(({ outcome }) => outcome);

  it('is a decision as it was made, with the address of the caller, and until when such are kept', async () => {
    await decided(decision({ outcome: 'scope_missing' }));
    expect((await get('access-decisions')).body).toEqual({
      items: [
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}\.0$/) as string,
          time: '2026-04-28T12:00:00.000Z',
          outcome: 'scope_missing',
          credential: { kind: 'api_key', id: 'k1', secret_id: 'k1.1' },
          ...{
            scopes: ['assets:read'],
            asset: null,
            action: null,
            method: 'GET',
            path: '/api/assets',
            ip: IP,
            user_agent: 'curl/8.5.0',
          },
          ...{ cost: 1, via: 'cache', caller: { kind: 'token', id: 'k9', secret_id: 'k9.2' } },
        },
      ],
      next_cursor: null,
      kept_from: '2026-01-28T12:00:00.000Z',
    });
  });

  it('is an attempt to sign in, and a request for an access token', async () => {
    const token: AccessTokenEntry = {
      ...{ timeMs: NOW, outcome: 'issued', endpoint: 'token', method: 'client_secret_post', clientId: 'c1' },
      ...{
        workspaceId: 'w1',
        jti: 'j1',
        scopes: ['assets:read'],
        expiresAtMs: NOW + 3_600_000,
        ip: IP,
        userAgent: null,
      },
    };
    await signedIn([attempt()]);
    const data = { ...node(), accessTokens: [token, { ...token, outcome: 'wrong_secret', clientId: 'c2' }] };
    const event = accessTokenEnvelope({ type: 'latchkey.access_tokens.recorded.v1', data }, next(), clock.now());
    await receive(TOPICS.accessTokens, event);
    expect(await list('sign-ins')).toEqual([
      {
        ...{ id: expect.any(String) as string, time: '2026-04-28T12:00:00.000Z', outcome: 'wrong_password' },
        ...{ method: 'password', user_id: 'u1', ip: IP, user_agent: 'a browser', captcha: 'not_asked' },
      },
    ]);
    expect(await list('token-requests?client=c1')).toEqual([
      {
        ...{ id: expect.any(String) as string, time: '2026-04-28T12:00:00.000Z', outcome: 'issued', endpoint: 'token' },
        ...{ method: 'client_secret_post', client_id: 'c1', jti: 'j1', scopes: ['assets:read'] },
        ...{ expires_at: '2026-04-28T13:00:00.000Z', ip: IP, user_agent: null },
      },
    ]);
    expect(await outcomes('token-requests?outcome=denied')).toEqual(['wrong_secret']);
  });

  it('is found by outcome, credential, user and time', async () => {
    const session = { workspaceId: 'w1', sessionId: 's1', number: 3 };
    const client = { workspaceId: 'w1', clientId: 'c1', jti: 'j1' };
    await decided(
      decision({ timeMs: NOW - 120_000, outcome: 'revoked' }),
      decision({ timeMs: NOW - 60_000, secret: { workspaceId: 'w1', keyId: 'k1', number: 2 } }),
      decision({ timeMs: NOW - 30_000, outcome: 'expired', secret: session }),
      decision({ outcome: 'scope_missing', secret: client }),
    );
    expect(await outcomes('access-decisions?outcome=denied')).toEqual(['scope_missing', 'expired', 'revoked']);
    expect(await outcomes('access-decisions?outcome=revoked')).toEqual(['revoked']);
    expect(await outcomes('access-decisions?key=k1')).toEqual(['allowed', 'revoked']);
    expect(await outcomes('access-decisions?key=k1.2')).toEqual(['allowed']);
    expect(await outcomes('access-decisions?session=s1')).toEqual(['expired']);
    expect(await outcomes('access-decisions?client=c1')).toEqual(['scope_missing']);
    expect(await outcomes('access-decisions?key=s1')).toEqual([]);
    const span = 'from=2026-04-28T11:58:00Z&to=2026-04-28T11:59:30Z';
    expect(await outcomes(`access-decisions?${span}`)).toEqual(['allowed', 'revoked']);
    await signedIn([attempt(), attempt({ userId: 'u2', outcome: 'succeeded' })]);
    expect(await outcomes('sign-ins?user=u2')).toEqual(['succeeded']);
    expect(await outcomes('sign-ins?outcome=denied')).toEqual(['wrong_password']);
  });

  it('is shown to nobody but the workspace that it is about, and takes no cursor of another', async () => {
    const theirs = { workspaceId: 'w2', keyId: 'k2', number: 1 };
    await decided(decision(), decision(), decision({ secret: theirs }), decision({ secret: null, outcome: 'unknown' }));
    expect(await outcomes('access-decisions')).toEqual(['allowed', 'allowed']);
    expect(await outcomes('access-decisions', 'w2')).toEqual(['allowed']);
    expect(await outcomes('access-decisions', 'w3')).toEqual([]);
    const { next_cursor: cursor } = (await get('access-decisions?limit=1')).body;
    expect((await get(`access-decisions?limit=1&cursor=${cursor}`)).body).toMatchObject({ items: [{}] });
    for (const [path, workspace] of [
      ['access-decisions', 'w2'],
      ['sign-ins', 'w1'],
    ] as const)
      expect((await get(`${path}?cursor=${cursor}`, workspace)).status).toBe(400);
    expect((await get('access-decisions?actor=u1')).status).toBe(400);
  });

  it('is read in pages over many batches, each entry once', async () => {
    for (let batch = 0; batch < 50; batch += 1)
      await decided(
        ...[0, 1, 2].map((place) => decision({ timeMs: NOW + batch * 1_000, outcome: `${batch}.${place}` })),
      );
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: { body: Body } = await get(
        `access-decisions?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...body.items.map(({ outcome }) => outcome));
      cursor = body.next_cursor;
    } while (cursor !== null);
    const newestFirst = Array.from({ length: 150 }, (_, index) => `${49 - Math.floor(index / 3)}.${2 - (index % 3)}`);
    expect(seen).toEqual(newestFirst);
  });

  it('is found by its index alone: denials among many calls, and a minute of long ago', async () => {
    await dataSource.query(
      `INSERT INTO decision_batches SELECT 's', n, n, 't', 1, now(), now(), 1, now() FROM generate_series(1, 20000) AS n`,
    );
    await dataSource.query(
      `INSERT INTO decision_parts (source, position, workspace_id, decisions, content, kind, denied, first_at, last_at)
       SELECT 's', n, 'w1', 1, '', 'decisions', (n % 5000 = 0)::integer, to_timestamp(n * 60), to_timestamp(n * 60 + 1)
       FROM generate_series(1, 20000) AS n`,
    );
    await dataSource.query('ANALYZE decision_parts');
    const planOf = async (condition: string) =>
      JSON.stringify(
        await dataSource.query(
          `EXPLAIN SELECT part FROM decision_parts WHERE workspace_id = 'w1' AND kind = 'decisions' AND ${condition}
           ORDER BY last_at DESC, part DESC LIMIT 20`,
        ),
      );
    expect(await planOf('denied > 0')).toMatch(/Index (Only )?Scan using decision_parts_newest_denied/);
    const minute = `last_at >= to_timestamp(6000) AND last_at < to_timestamp(6060) + interval '1 minute'`;
    expect(await planOf(minute)).toMatch(/Index (Only )?Scan using decision_parts_newest.*Index Cond.*last_at/);
  });

  describe('of a user who is erased', () => {
    const batches = async () => {
      const rows = await dataSource.query<{ decisions: number }[]>(
        'SELECT decisions FROM decision_batches ORDER BY position',
      );
      return rows.map(({ decisions }) => decisions);
    };

    it('is gone with the event, in every workspace, and of nobody else; batches keep their numbers', async () => {
      await signedIn([attempt(), attempt({ userId: 'u2' }), attempt({ workspaceId: 'w2' })]);
      await erased('u1');
      expect(await list<{ user_id: string }>('sign-ins')).toMatchObject([{ user_id: 'u2' }]);
      expect(await list('sign-ins', 'w2')).toEqual([]);
      expect(await batches()).toEqual([3]);
      const left = await dataSource.query<unknown[]>(`SELECT FROM decision_parts WHERE user_id = 'u1'`);
      expect(left).toEqual([]);
    });

    it('is not kept when it arrives later', async () => {
      await erased('late');
      await signedIn([attempt({ userId: 'late' }), attempt({ userId: 'u3' })]);
      expect(await list<{ user_id: string }>('sign-ins')).toMatchObject([{ user_id: 'u3' }]);
      expect(await batches()).toEqual([2]);
    });

    /** Erases somebody while an attempt of theirs is being recorded; answers how many are left. */
    async function eraseWhileRecording(userId: string, by: RecordMessages): Promise<number> {
      let goOn: () => void = () => undefined;
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      const isWritten = new Promise<void>((resolve) => {
        atFailpoint('projection.before_commit', () => {
          resolve();
          return mayGoOn;
        });
      });
      const recording = signedIn([attempt({ userId })], by);
      await isWritten;
      const erasing = erased(userId);
      const waiting = () =>
        dataSource.query<unknown[]>(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
      await Promise.race([erasing, eventually(async () => expect(await waiting()).not.toHaveLength(0))]);
      goOn();
      await Promise.all([recording, erasing]);
      return (await list(`sign-ins?user=${userId}`)).length;
    }

    it('is gone too when it was being recorded at that moment', async () => {
      expect(await eraseWhileRecording('in-between', messages)).toBe(0);
    });

    it('would stay, if who records did not hold erasures off', async () => {
      const careless = Object.create(dataSource) as DataSource;
      careless.transaction = ((work: (tx: EntityManager) => Promise<unknown>) =>
        dataSource.transaction((tx) => {
          const loose = Object.create(tx) as EntityManager;
          loose.query = ((statement: string, parameters: unknown[]) =>
            statement.includes('pg_advisory_xact_lock_shared')
              ? Promise.resolve([])
              : tx.query(statement, parameters)) as EntityManager['query'];
          return work(loose);
        })) as DataSource['transaction'];
      expect(await eraseWhileRecording('careless', recordingIn(careless))).toBe(1);
    });
  });
});
