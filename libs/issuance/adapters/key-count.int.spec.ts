import { rebuildProjection } from '@latchkey/event-store';
import { keyId, workspaceId, type KeyId, type WorkspaceId } from '@latchkey/kernel';
import { atFailpoint, eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { PLAIN_KEY, type CreateKey, type KeyCommand } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { keyListProjection } from '../projections/key-list.projection';
import { gate } from '../testing/gate';
import { issuanceService, type IssuanceService } from '../testing/issuance-service';
import { issuanceMigrations } from './issuance-migrations';
import { rebuildKeyCount } from './key-count';
import { PostgresKeyList } from './postgres-key-list';

describe('the number of keys of a workspace', () => {
  let issuance: IssuanceService;
  let workspace: WorkspaceId;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());
  beforeEach(() => {
    workspace = workspaceId(randomUUID());
  });

  const write = (id: KeyId, command: KeyCommand) =>
    issuance.keys.write({
      keyId: id,
      decide: (state) => decide(command, state),
      meta: { actorId: 'test', workspaceId: workspace, requestId: 'test', at: issuance.clock.now() },
    });
  const create = async (id = keyId(randomUUID())): Promise<KeyId> => {
    const command: CreateKey = {
      type: 'CreateKey',
      ...PLAIN_KEY,
      ...{ keyId: id, displayId: id, workspaceId: workspace, userId: issuance.identity.first.ownerId, name: 'counted' },
      grant: { scopes: ['assets:read'], plan: 'standard', assets: 'all', allowedIps: [], expiresAt: null },
      scopesAsSent: ['assets:read'],
      grantor: { kind: 'installation' },
      now: issuance.clock.now(),
    };
    await write(id, command);
    return id;
  };
  const revoke = (id: KeyId) => write(id, { type: 'RevokeKey', reason: 'requested', now: issuance.clock.now() });
  const total = () =>
    new PostgresKeyList(issuance.dataSource).liveCount({ workspaceId: workspace, userId: null, admin: true });
  const query = <Row>(statement: string, ...parameters: unknown[]) =>
    issuance.dataSource.query<Row[]>(statement, parameters);
  const slotOf = async (id: string): Promise<number | undefined> =>
    (await query<{ slot: number }>('SELECT key_count_slot($1) AS slot', id))[0]?.slot;
  const keyOfSlot = async (wanted: (slot: number | undefined) => boolean): Promise<KeyId> => {
    const id = randomUUID();
    return wanted(await slotOf(id)) ? keyId(id) : keyOfSlot(wanted);
  };

  it('is exact when many are created and revoked at once, also twice', async () => {
    const first = await Promise.all(Array.from({ length: 20 }, () => create()));
    await Promise.all([
      ...Array.from({ length: 10 }, () => create()),
      ...first.slice(0, 8).flatMap((id) => [revoke(id), revoke(id)]),
    ]);
    expect(await total()).toBe(22);
    expect(await rebuildKeyCount(issuance.dataSource)).toMatchObject({ equal: true });
    expect(await rebuildProjection(issuance.dataSource, keyListProjection)).toMatchObject({ equal: true });
  });

  /** Whether a key is created while the creation of another one has yet to be committed. */
  const isCreatedBeside = async (first: KeyId, second: KeyId): Promise<boolean> => {
    const [counted, isCounted] = gate();
    const [opened, open] = gate();
    atFailpoint('append.before_commit', async () => {
      isCounted();
      await opened;
    });
    const held = create(first);
    await counted;
    let isCreated = false;
    const creation = create(second).then(() => (isCreated = true));
    await eventually(async () => {
      const [row] = await query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(isCreated || row?.waiting === 1).toBe(true);
    });
    const whileHeld = isCreated;
    open();
    await Promise.all([held, creation]);
    return whileHeld;
  };

  it('is changed by two at once, in slots of their own', async () => {
    const first = keyId(randomUUID());
    const slot = await slotOf(first);
    expect(await isCreatedBeside(first, await keyOfSlot((other) => other !== slot))).toBe(true);
    expect(await total()).toBe(2);
  });

  it('would be changed by one after the other in one slot', async () => {
    const first = keyId(randomUUID());
    const slot = await slotOf(first);
    expect(await isCreatedBeside(first, await keyOfSlot((other) => other === slot))).toBe(false);
    expect(await total()).toBe(2);
  });

  it('is rebuilt from the events while keys are made', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => create()));
    const [lost = keyId('')] = ids;
    await query('DELETE FROM key_count WHERE workspace_id = $1 AND slot = key_count_slot($2)', workspace, lost);
    await query('UPDATE key_count SET live = live + 7 WHERE workspace_id = $1', workspace);
    await query('INSERT INTO key_count VALUES ($1, 99, 3)', workspace);
    const compared = await rebuildKeyCount(issuance.dataSource);
    expect(compared).toMatchObject({ equal: false, firstDifference: { id: expect.stringContaining(workspace) } });
    await Promise.all([
      rebuildKeyCount(issuance.dataSource, { replace: true }),
      ...Array.from({ length: 10 }, () => create()),
    ]);
    expect(await total()).toBe(15);
    expect(await rebuildKeyCount(issuance.dataSource)).toMatchObject({ equal: true });
  });

  it('is kept by the migration that brought the slots, back and forth', async () => {
    const [, gone = keyId('')] = await Promise.all(Array.from({ length: 5 }, () => create()));
    await revoke(gone);
    const Slots = issuanceMigrations.find(({ name }) => name.startsWith('SlotKeyCount'));
    if (!Slots) throw new Error('no such migration');
    await issuance.dataSource.transaction(async (tx) => {
      if (!tx.queryRunner) throw new Error('no transaction');
      await new Slots().down(tx.queryRunner);
      expect(await tx.query('SELECT live FROM key_count WHERE workspace_id = $1', [workspace])).toEqual([
        { live: '4' },
      ]);
      await new Slots().up(tx.queryRunner);
    });
    expect(await total()).toBe(4);
    expect(await rebuildKeyCount(issuance.dataSource)).toMatchObject({ equal: true });
  });
});
