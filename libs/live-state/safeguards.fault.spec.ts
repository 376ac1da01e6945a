import type { SubjectReader } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import type { RedisLiveAccess } from './redis/redis-live-access';
import type { Safeguards } from './safeguards';
import { Gate } from './testing/gate';
import { scopeSetBody, USER, userBody } from './testing/bodies';
import { byItsRules } from './testing/query';
import { checkKey, Stage } from './testing/stage';
import type { LiveStateTiming } from './timing';

/** One way in which things can go wrong, played up to the acknowledgement of a revoke. */
interface Scene {
  readonly story: string;
  readonly needs: keyof Safeguards;
  readonly timing: Partial<LiveStateTiming> & { leaseMs: number };
  /** Whether a check that began after the acknowledgement passed. */
  play(stage: Stage): Promise<boolean>;
}

const scenes: readonly Scene[] = [
  {
    story: 'the owner cannot reach Redis to revoke, while its renewer can',
    needs: 'pendingRows',
    timing: { leaseMs: 300 },
    async play(stage) {
      const key = await stage.cachedKey();
      await stage.revoke(key, await stage.cutOff());
      return passesUnderAFence(stage, key);
    },
  },
  {
    story: 'a replica takes over that lacks the invalidation',
    needs: 'runId',
    timing: { leaseMs: 10_000 },
    async play(stage) {
      const key = await stage.cachedKey();
      const { redis: replica } = await stage.addServer();
      await stage.redis.config('SET', 'repl-diskless-sync-delay', '0');
      await replica.replicaof('127.0.0.1', stage.server.port);
      await eventually(async () => expect(await replica.exists(`{p0}:key:${key}`)).toBe(1), { timeoutMs: 8_000 });
      await replica.replicaof('NO', 'ONE');
      await stage.revoke(key);
      return passes(stage.addNode(replica), key);
    },
  },
  {
    story: 'the leader stands still between reading what is pending and renewing',
    needs: 'absoluteUntil',
    timing: { leaseMs: 500 },
    async play(stage) {
      const key = await stage.cachedKey();
      const reached = stage.beforeRenewal.close();
      const round = stage.renew('issuance');
      await reached;
      await stage.revoke(key, await stage.cutOff());
      stage.beforeRenewal.open();
      await round;
      return passes(stage.node, key);
    },
  },
  {
    story: 'an owner answers late with what was true before the revoke',
    needs: 'fillGuard',
    timing: { leaseMs: 10_000 },
    play: (stage) => lateFill(stage, async () => undefined),
  },
  {
    story: 'an owner answers so late that the marker has gone',
    needs: 'fillGuard',
    timing: { leaseMs: 10_000, fillAgeMaxMs: 100, markerTtlMs: 120 },
    play: (stage) =>
      lateFill(stage, (key) => eventually(async () => expect(await stage.redis.exists(`{p0}:key:${key}`)).toBe(0))),
  },
  {
    story: 'the owner fails over to an empty Redis before a node does',
    needs: 'waitOnNewIncarnation',
    timing: { leaseMs: 1_000 },
    async play(stage) {
      const key = await stage.cachedKey();
      await stage.renew();
      await stage.endRenewers();
      const { redis: empty } = await stage.addServer();
      const renewer = stage.addRenewer('issuance', empty);
      await eventually(async () => expect(await renewer.round()).not.toBe('follower'));
      await stage.revoke(key, empty);
      return passes(stage.node, key);
    },
  },
  {
    story: 'the owner fails back to a Redis that kept what it had',
    needs: 'recordedIncarnation',
    timing: { leaseMs: 300 },
    async play(stage) {
      const key = await stage.cachedKey();
      await stage.endRenewers();
      const { redis: other } = await stage.addServer();
      const there = stage.addRenewer('issuance', other);
      await eventually(async () => expect(await there.round()).toBe('renewed'));
      await stage.revoke(key, other);
      await there.round();
      await there.stop();
      const back = stage.addRenewer('issuance', stage.redis);
      await eventually(async () => expect(await back.round()).toBe('renewed'));
      return passes(stage.node, key);
    },
  },
  {
    story: 'a check comes while the owner is being asked for the same subject',
    needs: 'askSharing',
    timing: { leaseMs: 10_000 },
    async play(stage) {
      const other = await stage.cachedKey();
      const key = await stage.newKey();
      const { reader, answer } = slowReader(stage);
      const node = stage.addNode(stage.redis, reader);
      await checkKey(node, other);
      const asked = answer.close();
      const early = checkKey(node, key);
      await asked;
      await stage.revoke(key);
      const late = checkKey(node, key);
      // Redis answers in order: once this one is answered, the late one has missed, and has asked or joined.
      await checkKey(node, other);
      answer.open();
      await early;
      return (await late).kind === 'allowed';
    },
  },
  {
    story: 'one owner is cut off from Redis while the other goes on',
    needs: 'fencePerOwner',
    timing: { leaseMs: 300 },
    async play(stage) {
      const key = await stage.cachedKey();
      const suspended = { kind: 'user' as const, id: USER, body: userBody({ status: 'suspended' }) };
      await stage.change('identity', suspended, await stage.cutOff());
      return passesUnderAFence(stage, key);
    },
  },
  {
    story: 'the owner cannot reach Redis to narrow a scope set that a key has its rights by, while its renewer can',
    needs: 'pendingRows',
    timing: { leaseMs: 300 },
    async play(stage) {
      const set = (scopes: readonly string[]) => ({
        kind: 'scope_set' as const,
        id: 'set-1',
        body: scopeSetBody(scopes),
      });
      await stage.owners.write(set(['assets:write']));
      const key = await stage.newKey({ scopeSetIds: ['set-1'] });
      const writes = async () => (await stage.node.decide(byItsRules(key, 'assets:write'))).kind === 'allowed';
      await eventually(async () => {
        await stage.renew();
        expect(await writes()).toBe(true);
      });
      await stage.change('issuance', set(['scans:write']), await stage.cutOff());
      return underAFence(stage, writes);
    },
  },
];

describe('no check passes that began after an acknowledged revoke', () => {
  describe.each(scenes)('when $story', ({ needs, timing, play }) => {
    it.each([
      ['with all safeguards', undefined, false],
      [`but one does without ${needs}`, needs, true],
    ])('%s', async (_, off, expected) => {
      const stage = await Stage.open(timing, off);
      try {
        expect(await play(stage)).toBe(expected);
      } finally {
        await stage.close();
      }
    });
  });
});

const passes = async (node: RedisLiveAccess, key: string) => (await checkKey(node, key)).kind === 'allowed';

const passesUnderAFence = (stage: Stage, key: string) => underAFence(stage, () => passes(stage.node, key));

/** Again if the machine was so slow that the fence has lapsed before the check. */
async function underAFence(stage: Stage, passesNow: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    await stage.renew('issuance');
    if (await passesNow()) return true;
  }
  return false;
}

/** An owner has read a key, and its answer arrives after the key's revoke and whatever else `meanwhile` waits for. */
async function lateFill(stage: Stage, meanwhile: (key: string) => Promise<void>): Promise<boolean> {
  await stage.cachedKey();
  const key = await stage.newKey();
  const { reader, answer } = slowReader(stage);
  const node = stage.addNode(stage.redis, reader);
  const asked = answer.close();
  const early = checkKey(node, key);
  await asked;
  await stage.revoke(key);
  await meanwhile(key);
  answer.open();
  await early;
  return passes(node, key);
}

/** Reads at once; the first answer of issuance waits while `answer` is closed. */
function slowReader(stage: Stage): { reader: SubjectReader; answer: Gate } {
  const answer = new Gate();
  let slow = true;
  const reader: SubjectReader = {
    async read(owner, refs) {
      const snapshots = await stage.owners.reader.read(owner, refs);
      if (owner === 'issuance' && slow) {
        slow = false;
        await answer.pass();
      }
      return snapshots;
    },
  };
  return { reader, answer };
}
