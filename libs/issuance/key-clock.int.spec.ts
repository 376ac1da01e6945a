import { useForeignPrefixes } from '@latchkey/access';
import { decisionEnvelope, tableOf, type Decision } from '@latchkey/contracts';
import { keyId } from '@latchkey/kernel';
import { PostgresDecisionNodes } from './adapters/clock/postgres-decision-nodes';
import { PostgresDueKeys } from './adapters/clock/postgres-due-keys';
import { PostgresOldSecretUses } from './adapters/clock/postgres-old-secret-uses';
import { PostgresKeyUses } from './adapters/postgres-key-uses';
import { KeyClock } from './application/clock/key-clock';
import type { DueKeys } from './application/clock/ports';
import type { KeyStore, KeyWrite } from './application/ports';
import { NoteUses } from './application/uses/note-uses';
import { gate } from './testing/gate';
import { issuanceService, type IssuanceService } from './testing/issuance-service';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Issued {
  readonly id: string;
  readonly key: string;
}

describe('the clock of keys', () => {
  let issuance: IssuanceService;
  let uses: NoteUses;
  let clock: KeyClock;
  let batches = 0;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
    const { dataSource } = issuance;
    uses = new NoteUses(
      new PostgresKeyUses(dataSource),
      new PostgresOldSecretUses(dataSource),
      new PostgresDecisionNodes(dataSource),
    );
    clock = issuance.service.app.get(KeyClock, { strict: false });
  });
  afterAll(() => issuance.stop());

  const after = (ms: number) => new Date(issuance.clock.now().getTime() + ms);
  const create = async (fields: object = {}): Promise<Issued> =>
    (await issuance.call('POST', '/api/v1/api-keys', { body: { name: 'Report', scopes: ['alerts:read'], ...fields } }))
      .body;
  const expiring = (ms: number) => create({ expires_at: after(ms).toISOString() });
  const rotate = async ({ id }: Issued, body: object): Promise<Issued> =>
    (await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { body })).body;
  const rotation = async ({ id }: Issued) => (await issuance.call('GET', `/api/v1/api-keys/${id}/rotation`)).body;
  /** Time passes, and the clock ticks once, or after each part of it. */
  const pass = async (ms: number, parts = 1) => {
    for (let part = 0; part < parts; part += 1) {
      issuance.clock.advance(ms / parts);
      await clock.tick();
    }
  };
  /** What has become of the key, as `type of the event: member of its data`. */
  const events = async ({ id }: Issued, type: string): Promise<object[]> => {
    const rows = await issuance.dataSource.query<{ data: Buffer }[]>(
      'SELECT data FROM events WHERE stream_id = $1 AND type = $2 ORDER BY version',
      [id, `latchkey.key.${type}.v1`],
    );
    return rows.map(({ data }) => JSON.parse(data.toString()) as object);
  };

  const use = ({ id }: Issued, number: number, changes: Partial<Decision> = {}): Decision => ({
    ...{ timeMs: issuance.clock.now().getTime(), outcome: 'allowed', via: 'cache' },
    secret: { workspaceId: 'w', keyId: id, number },
    ...{ scopes: [], asset: null, action: null, method: null, path: null, cost: 1, caller: null },
    ...{ ip: '203.0.113.9', userAgent: 'curl/8.5.0', ...changes },
  });
  /** What a node tells of now: what it has decided since it told last. */
  const tell = async (decisions: readonly Decision[], node = 'node', position = (batches += 1)) => {
    const data = { node, boot: `boot of ${node}`, dropped: 0 };
    const table = tableOf(decisions, issuance.clock.now().getTime());
    const event = { type: 'latchkey.decisions.recorded.v1', data: { ...data, decisions: table } } as const;
    await handle(decisionEnvelope(event, position, issuance.clock.now()));
  };
  const stop = (node: string) => {
    const data = { node, boot: 'b', dropped: 0, stoppedAt: issuance.clock.now().toISOString() };
    return handle(decisionEnvelope({ type: 'latchkey.node.stopped.v1', data }, 1, issuance.clock.now()));
  };
  const handle = (event: object) =>
    uses.handle({ topic: 't', key: 'k', partition: 0, offset: '0', value: Buffer.from(JSON.stringify(event)) });

  describe('an expiry', () => {
    it('S3-15, S3-17 stops the key by itself, and is put on record once, with the time that was configured', async () => {
      const key = await expiring(HOUR_MS);
      const expiredAt = after(HOUR_MS).toISOString();
      issuance.clock.advance(HOUR_MS - 1);
      expect(await issuance.check(key.key)).toBe(200);
      issuance.clock.advance(1);
      expect(await issuance.check(key.key)).toBe(401);
      await pass(3 * DAY_MS);
      await pass(DAY_MS);
      expect(await events(key, 'expired')).toEqual([{ expiredAt }]);
    });

    it('is none of a key that was revoked before', async () => {
      const key = await expiring(HOUR_MS);
      await issuance.call('DELETE', `/api/v1/api-keys/${key.id}`);
      await pass(DAY_MS);
      expect(await events(key, 'expired')).toEqual([]);
    });

    it('that was moved is on record when it comes', async () => {
      const key = await expiring(HOUR_MS);
      const moved = after(DAY_MS).toISOString();
      await issuance.call('PATCH', `/api/v1/api-keys/${key.id}`, { body: { expires_at: moved } });
      await pass(2 * HOUR_MS);
      expect(await events(key, 'expired')).toEqual([]);
      await pass(DAY_MS);
      expect(await events(key, 'expired')).toEqual([{ expiredAt: moved }]);
    });
  });

  describe('a reminder', () => {
    const reminded = async (key: Issued) =>
      (await events(key, 'expiry_reminder_sent')).map((event) => (event as { daysBefore: number }).daysBefore);

    it('S3-16 comes 30, 14 and 7 days before the expiry, each once', async () => {
      const key = await expiring(40 * DAY_MS);
      await pass(10 * DAY_MS - MINUTE_MS);
      expect(await reminded(key)).toEqual([]);
      await pass(40 * DAY_MS, 80);
      expect(await reminded(key)).toEqual([30, 14, 7]);
    });

    it('S3-16 comes once for the nearest of several days, when the service was down over them', async () => {
      const key = await expiring(40 * DAY_MS);
      const late = await expiring(45 * DAY_MS);
      await pass(34 * DAY_MS);
      await pass(HOUR_MS, 10);
      expect([await reminded(key), await reminded(late)]).toEqual([[7], [14]]);
      await pass(10 * DAY_MS, 10);
      expect([await reminded(key), await reminded(late)]).toEqual([[7], [14, 7]]);
    });

    it('comes for no day that was over when the key was made, or when its expiry was moved', async () => {
      await clock.tick();
      const key = await expiring(10 * DAY_MS);
      const moved = await create();
      await pass(DAY_MS);
      const body = { expires_at: after(10 * DAY_MS).toISOString() };
      await issuance.call('PATCH', `/api/v1/api-keys/${moved.id}`, { body });
      await pass(MINUTE_MS);
      expect([await reminded(key), await reminded(moved)]).toEqual([[], []]);
      await pass(5 * DAY_MS);
      expect([await reminded(key), await reminded(moved)]).toEqual([[7], [7]]);
    });

    it('says whose key it is, and when it ends', async () => {
      const key = await expiring(8 * DAY_MS);
      const expiresAt = after(8 * DAY_MS).toISOString();
      await pass(2 * DAY_MS);
      const userId = issuance.identity.first.ownerId;
      expect(await events(key, 'expiry_reminder_sent')).toEqual([{ name: 'Report', userId, daysBefore: 7, expiresAt }]);
    });
  });

  describe('who still uses an old secret', () => {
    it('is each address and program, however often a batch comes, and nothing of the current secret', async () => {
      const key = await create();
      expect(await rotation(key)).toEqual({
        ...{ rotating: false, old_secret_id: null, replaced_at: null, grace_until: null },
        ...{ ends_when_silent_hours: null, stalled: false, used_by: [], used_by_others: null },
      });
      const replacedAt = issuance.clock.now().toISOString();
      await rotate(key, { grace_period_hours: 48, end_when_silent_hours: 6 });
      issuance.clock.advance(HOUR_MS);
      const first = issuance.clock.now().toISOString();
      await tell([use(key, 1), use(key, 1), use(key, 1, { userAgent: null }), use(key, 2, { ip: '198.51.100.1' })]);
      await tell([use(key, 1, { timeMs: after(MINUTE_MS).getTime() })], 'node', batches);
      issuance.clock.advance(HOUR_MS);
      const last = issuance.clock.now().toISOString();
      await tell([use(key, 1), use(key, 1, { outcome: 'ip_not_allowed' }), use(key, 1, { cost: 0 })]);
      const seconds = (instant: string) => instant.replace('.000Z', 'Z');
      expect(await rotation(key)).toEqual({
        rotating: true,
        old_secret_id: `${key.id}.1`,
        replaced_at: seconds(replacedAt),
        grace_until: seconds(after(46 * HOUR_MS).toISOString()),
        ...{ ends_when_silent_hours: 6, stalled: false },
        used_by: [
          {
            ...{ ip: '203.0.113.9', user_agent: 'curl/8.5.0' },
            ...{ first_used: seconds(first), last_used: seconds(last), count: 3 },
          },
          {
            ...{ ip: '203.0.113.9', user_agent: null },
            ...{ first_used: seconds(first), last_used: seconds(first), count: 1 },
          },
        ],
        used_by_others: null,
      });
    });

    it('is bounded: whoever makes up a name for every call is one of the others', async () => {
      const key = await create();
      await rotate(key, { grace_period_hours: 48 });
      const named = (count: number) =>
        Array.from({ length: count }, (_, call) => use(key, 1, { userAgent: `program ${call}` }));
      await tell(named(40));
      await tell(named(70));
      const { used_by: each, used_by_others: others } = await rotation(key);
      expect([each.length, others.count]).toEqual([50, 20]);
      expect(each.filter(({ count }: { count: number }) => count === 2)).toHaveLength(40);
    });

    it('is forgotten when it has ended, in whichever way', async () => {
      const known = async () =>
        (await issuance.dataSource.query<{ users: string }[]>('SELECT count(*) AS users FROM old_secret_user'))[0];
      await issuance.dataSource.query('DELETE FROM old_secret');
      const [byTime, byRevoke, byRotation] = [await create(), await create(), await create()];
      for (const key of [byTime, byRevoke, byRotation]) {
        await rotate(key, { grace_period_hours: 2 });
        await tell([use(key, 1)]);
      }
      expect(await known()).toEqual({ users: '3' });
      await issuance.call('DELETE', `/api/v1/api-keys/${byRevoke.id}`);
      await rotate(byRotation, { grace_period_hours: 2 });
      expect(await known()).toEqual({ users: '1' });
      await pass(2 * HOUR_MS);
      await tell([use(byTime, 1)]);
      expect(await known()).toEqual({ users: '0' });
    });
  });

  describe('a rotation that stalls', () => {
    it('is on record once, in the last quarter of a grace period, while the old secret is in use', async () => {
      const [used, unused] = [await create(), await create()];
      for (const key of [used, unused]) await rotate(key, { grace_period_hours: 4 });
      await pass(2 * HOUR_MS, 2);
      await tell([use(used, 1), use(unused, 2)]);
      const lastUsedAt = issuance.clock.now().toISOString();
      await pass(HOUR_MS - MINUTE_MS);
      expect(await events(used, 'rotation_stalled')).toEqual([]);
      await pass(30 * MINUTE_MS, 30);
      const { ownerId: userId } = issuance.identity.first;
      const told = { name: 'Report', userId, oldSecretId: `${used.id}.1`, lastUsedAt };
      expect(await events(used, 'rotation_stalled')).toEqual([{ ...told, graceUntil: expect.any(String) }]);
      expect(await events(unused, 'rotation_stalled')).toEqual([]);
      expect([(await rotation(used)).stalled, (await rotation(unused)).stalled]).toEqual([true, false]);
    });
  });

  describe('an old secret that is to end when it is silent', () => {
    const ended = (key: Issued) => events(key, 'grace_ended');
    const secretIsGone = async (key: Issued) =>
      [await issuance.check(key.key), (await rotation(key)).rotating].join() === '401,false';
    beforeEach(() => issuance.dataSource.query('DELETE FROM decision_node'));

    it('ends when it has been, and not while it is in use', async () => {
      const [silent, used] = [await create(), await create()];
      for (const key of [silent, used]) await rotate(key, { grace_period_hours: 48, end_when_silent_hours: 2 });
      for (let hour = 0; hour < 6; hour += 1) {
        issuance.clock.advance(HOUR_MS);
        await tell(hour < 3 ? [use(used, 1), use(silent, 2)] : [use(silent, 2)]);
        await pass(MINUTE_MS);
        if (hour === 3) {
          expect([await secretIsGone(silent), await secretIsGone(used)]).toEqual([true, false]);
          expect(await ended(silent)).toMatchObject([{ secretId: `${silent.id}.1`, reason: 'silent' }]);
        }
      }
      expect(await secretIsGone(used)).toBe(true);
    });

    it('is not taken for silent while a node that decides is not heard, until that has stopped', async () => {
      const key = await create();
      await tell([]);
      await tell([], 'cut off');
      await rotate(key, { grace_period_hours: 48, end_when_silent_hours: 1 });
      issuance.clock.advance(3 * HOUR_MS);
      await tell([]);
      await pass(HOUR_MS, 10);
      expect(await ended(key)).toEqual([]);
      await stop('cut off');
      await tell([]);
      await pass(HOUR_MS);
      expect(await ended(key)).toHaveLength(1);
    });

    it('is not taken for silent where nobody tells anything', async () => {
      const key = await create();
      await rotate(key, { grace_period_hours: 48, end_when_silent_hours: 1 });
      await pass(3 * HOUR_MS, 3);
      expect(await ended(key)).toEqual([]);
    });
  });

  describe('on two instances at once', () => {
    /** Two clocks that both find the key due, and have both decided before either writes. */
    async function both(writes: (write: KeyWrite) => Promise<KeyWrite>): Promise<Issued> {
      const key = await expiring(HOUR_MS);
      issuance.clock.advance(HOUR_MS);
      const [met, meet] = gate();
      let decided = 0;
      const keys: Pick<KeyStore, 'write'> = {
        async write(write) {
          const prepared = await writes(write);
          if (write.keyId === key.id) {
            decided += 1;
            if (decided === 2) meet();
            await met;
          }
          return issuance.keys.write(prepared);
        },
      };
      const due = new PostgresDueKeys(issuance.dataSource);
      const notAlone: DueKeys = Object.assign(Object.create(due) as DueKeys, {
        expired: due.expired.bind(due),
        expiringBy: async () => [],
        mark: async () => undefined,
        rotations: async () => [],
        alone: async (work: () => Promise<void>) => {
          await work();
          return true;
        },
      });
      await Promise.all([0, 1].map(() => new KeyClock(notAlone, keys, issuance.clock).tick()));
      return key;
    }

    it('each event comes once, as whoever is second decides on what the first has left', async () => {
      expect(await events(await both(async (write) => write), 'expired')).toHaveLength(1);
    });

    it('would come twice if it were sent again as it was decided', async () => {
      const key = await both(async (write) => {
        const { state } = await issuance.keys.load(keyId(write.keyId));
        const decided = write.decide(state);
        return { ...write, decide: () => decided };
      });
      expect(await events(key, 'expired')).toHaveLength(2);
    });

    it('only one works, as long as it does', async () => {
      const due = new PostgresDueKeys(issuance.dataSource);
      const other = new PostgresDueKeys(issuance.dataSource);
      const inside: boolean[] = [];
      const first = await due.alone(async () => {
        inside.push(await other.alone(() => Promise.resolve()));
      });
      expect([first, ...inside, await other.alone(() => Promise.resolve())]).toEqual([true, false, true]);
    });
  });
});

describe('what a workspace demands of its keys', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterAll(() => issuance.stop());
  afterEach(() => useForeignPrefixes([]));

  const after = (days: number) => new Date(issuance.clock.now().getTime() + days * DAY_MS).toISOString();
  const create = (fields: object) =>
    issuance.call('POST', '/api/v1/api-keys', { body: { name: 'Report', scopes: ['alerts:read'], ...fields } });
  const demand = (policy: { expiryRequired?: boolean; maxLifetimeDays?: number | null }) =>
    issuance.identity.set({
      keyPolicy: { expiryRequired: false, maxLifetimeDays: null, leakedKeys: 'revoke', ...policy },
    });
  const refused = (code: string) => ({ status: 400, body: { code, field: 'expires_at' } });

  it('is nothing at first', async () => {
    expect((await create({})).status).toBe(201);
  });

  it('holds for keys that are made, and their expiries', async () => {
    demand({ expiryRequired: true });
    expect(await create({})).toMatchObject(refused('key.expiry_required'));
    expect(await create({ expires_at: null })).toMatchObject(refused('key.expiry_required'));
    expect((await create({ expires_at: after(10_000) })).status).toBe(201);
    demand({ maxLifetimeDays: 90 });
    expect(await create({})).toMatchObject(refused('key.expiry_required'));
    expect(await create({ expires_at: after(91) })).toMatchObject(refused('key.lifetime_too_long'));
    expect((await create({ expires_at: after(90) })).status).toBe(201);
  });

  it('holds for keys that are imported', async () => {
    demand({ expiryRequired: true });
    useForeignPrefixes(['acme_live_']);
    const sha256 = 'ab'.repeat(32);
    const key = { sha256, name: 'Elsewhere', prefix: 'acme_live_', scopes: ['alerts:read'] };
    expect(await issuance.call('POST', '/api/v1/api-keys/import', { body: { keys: [key] } })).toMatchObject({
      ...{ status: 400, body: { code: 'key.expiry_required', field: 'keys.0.expires_at' } },
    });
  });

  it('holds for expiries that are moved, counted from when the key was made; keys of before stay, and are rotated', async () => {
    demand({});
    const { id } = (await create({})).body;
    demand({ maxLifetimeDays: 90 });
    const move = (expires_at: string | null) =>
      issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: { expires_at } });
    issuance.clock.advance(30 * DAY_MS);
    expect((await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: { name: 'Other' } })).status).toBe(200);
    expect((await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { body: {} })).status).toBe(201);
    expect((await move(null)).status).toBe(200);
    expect(await move(after(61))).toMatchObject(refused('key.lifetime_too_long'));
    expect((await move(after(60))).status).toBe(200);
    expect(await move(null)).toMatchObject(refused('key.expiry_required'));
  });
});
