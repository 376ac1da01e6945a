import type { Window } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LiveAccess, Outcome } from './live-access';
import type { SubjectChange } from './subject-changes';
import { clientBody, keyBody, signingKeyBody, USER, userBody } from './testing/bodies';
import { minute, queryFor, tokenQueryFor, type Denial, type QueryOptions } from './testing/query';

export interface LiveStateUnderTest {
  readonly access: LiveAccess;
  /** How a check is answered that needs no owner. */
  readonly via: 'cache' | 'memory';
  /** Commits and settles. */
  change(change: SubjectChange): Promise<void>;
  /** From now on no owner answers, till the next call of `startOwners`. */
  stopOwners(): void;
  startOwners(): void;
  stop(): Promise<void>;
}

/** How often a check is made that gets no answer. */
const ROUNDS_MAX = 10;

/** What every adapter of live state guarantees. */
export function liveStateContract(name: string, start: () => Promise<LiveStateUnderTest>): void {
  describe(`live state: ${name}`, () => {
    let live: LiveStateUnderTest;
    let keyId: string;

    beforeAll(async () => {
      live = await start();
    });
    afterAll(() => live.stop());
    beforeEach(async () => {
      live.startOwners();
      keyId = randomUUID();
      await live.change({ kind: 'key', id: keyId, body: keyBody() });
      await live.change({ kind: 'user', id: USER, body: userBody() });
    });

    const check = (options: QueryOptions = {}): Promise<Outcome<Denial>> =>
      live.access.decide(queryFor(keyId, options));
    const revoke = () => live.change({ kind: 'key', id: keyId, body: keyBody({ status: 'revoked' }) });
    const cached = () =>
      eventually(async () => expect(await check()).toMatchObject({ kind: 'allowed', via: live.via }));
    const times = async (count: number, options: QueryOptions) => {
      await nextTurn(); // calls that never leave the process would not let it hear of anything else
      let allowed = 0;
      let unanswered = count;
      // On a busy machine an ask can be late: who got no answer asks again, as only answers tell what a limit lets pass.
      for (let round = 0; unanswered > 0; round++) {
        if (round === ROUNDS_MAX) throw new Error(`${unanswered} of ${count} checks got no answer`);
        const outcomes = await Promise.all(Array.from({ length: unanswered }, () => check(options)));
        allowed += outcomes.filter(({ kind }) => kind === 'allowed').length;
        unanswered = outcomes.filter(({ kind }) => kind === 'unavailable').length;
      }
      return allowed;
    };

    it('a created key passes its first check, by word of its owner', async () => {
      expect(await check()).toMatchObject({ kind: 'allowed', via: 'owner' });
    });

    it('a key that was checked before passes without its owner', async () => {
      await cached();
      live.stopOwners();
      expect(await check()).toMatchObject({ kind: 'allowed', via: live.via });
    });

    it('an outcome shows the subjects that it is based on', async () => {
      const outcome = await check();
      const subjects = outcome.kind === 'unavailable' ? [] : outcome.subjects;
      expect(subjects.map(({ kind }) => kind).sort()).toEqual(['key', 'user', 'workspace']);
    });

    it('a revoked key is denied in the first check after its revoke is settled', async () => {
      await cached();
      await revoke();
      expect(await check()).toMatchObject({ kind: 'denied', denial: 'not active' });
    });

    it('no check that starts after a settled revoke passes, while others are under way', async () => {
      await cached();
      const before = Array.from({ length: 50 }, () => check());
      await revoke();
      const after = await Promise.all(Array.from({ length: 50 }, () => check()));
      expect(after.filter(({ kind }) => kind === 'allowed')).toEqual([]);
      await Promise.all(before);
    });

    it('a change of a user reaches every key of that user', async () => {
      await cached();
      await live.change({ kind: 'user', id: USER, body: userBody({ status: 'suspended' }) });
      expect(await check()).toMatchObject({ kind: 'denied', denial: 'not active' });
    });

    it.each<[string, (id: string) => SubjectChange]>([
      ['client', (id) => ({ kind: 'client', id, body: clientBody({ tokenGeneration: 2 }) })],
      ['signing key', (id) => ({ kind: 'signing_key', id, body: signingKeyBody('revoked') })],
    ])('a settled change of a %s ends the tokens that were accepted before', async (_, end) => {
      const id = randomUUID();
      await live.change({ kind: 'client', id, body: clientBody() });
      await live.change({ kind: 'signing_key', id, body: signingKeyBody() });
      const checkToken = () => live.access.decide(tokenQueryFor(id));
      await eventually(async () => expect(await checkToken()).toMatchObject({ kind: 'allowed', via: live.via }));
      await live.change(end(id));
      expect(await checkToken()).toMatchObject({ kind: 'denied', denial: 'not active' });
    });

    it('an unknown key is denied', async () => {
      expect(await live.access.decide(queryFor(randomUUID()))).toMatchObject({ kind: 'denied', denial: 'unknown' });
    });

    it('what is not known and cannot be asked is unavailable, never allowed', async () => {
      live.stopOwners();
      expect(await check()).toEqual({ kind: 'unavailable' });
    });

    it('a credential whose end has passed is denied, and not counted', async () => {
      const windows = [minute(1)];
      expect(await check({ windows, notAfterMs: Date.now() - 1 })).toMatchObject({ kind: 'denied', denial: 'ended' });
      expect(await check({ windows, notAfterMs: Date.now() + 60_000 })).toMatchObject({ kind: 'allowed' });
    });

    it('a denied call is not counted', async () => {
      const windows = [minute(1)];
      await live.change({ kind: 'key', id: keyId, body: keyBody({ status: 'suspended' }) });
      expect(await check({ windows })).toMatchObject({ kind: 'denied' });
      await live.change({ kind: 'key', id: keyId, body: keyBody() });
      expect(await check({ windows })).toMatchObject({ kind: 'allowed' });
    });

    it('exactly the limit passes, however many come at once', async () => {
      await cached();
      expect(await times(250, { windows: [minute(100)] })).toBe(100);
    });

    it('above a thousand no more than the limit passes', async () => {
      await cached();
      expect(await times(2_500, { windows: [minute(2_000)] })).toBe(2_000);
    });

    it('the outcome says what remains, when all is free again, and when to try again', async () => {
      const first = await check({ windows: [minute(2)] });
      expect(first).toMatchObject({ kind: 'allowed', windows: [{ name: 'minute', limit: 2, remaining: 1 }] });
      expect(resetIn(first)).toBeCloseTo(60_000, -2);
      await check({ windows: [minute(2)] });
      const third = await check({ windows: [minute(2)] });
      expect(third).toMatchObject({ kind: 'limited', windows: [{ name: 'minute', limit: 2, remaining: 0 }] });
      if (third.kind !== 'limited' || first.kind !== 'allowed') throw new Error('a limit of two let three pass');
      expect(third.retryAfterMs).toBeCloseTo(first.nowMs + 60_000 - third.nowMs, -1);
    });

    it('a call counts in all windows or in none', async () => {
      const windows: Window[] = [minute(3), { name: 'day', limit: 5, lengthMs: 86_400_000 }];
      expect(await times(10, { windows })).toBe(3);
      const outcome = await check({ windows });
      expect(outcome).toMatchObject({ kind: 'limited', windows: [{ remaining: 0 }, { remaining: 2 }] });
    });

    it('a window is free again when its calls have left it', async () => {
      const windows: Window[] = [{ name: 'second', limit: 5, lengthMs: 300 }];
      expect(await times(8, { windows })).toBe(5);
      await eventually(async () => expect(await times(8, { windows })).toBe(5), { everyMs: 310 });
    });

    it('a call may cost more than one', async () => {
      const windows = [minute(10)];
      expect(await check({ windows, cost: 7 })).toMatchObject({ kind: 'allowed', windows: [{ remaining: 3 }] });
      expect(await check({ windows, cost: 4 })).toMatchObject({ kind: 'limited', windows: [{ remaining: 3 }] });
      expect(await check({ windows, cost: 3 })).toMatchObject({ kind: 'allowed', windows: [{ remaining: 0 }] });
    });

    it.each([
      ['ring', 2],
      ['buckets', 1_002],
    ])(
      'a look, of cost 0, says what remains, counts nothing, and passes where the limit is reached (%s)',
      async (_, limit) => {
        const windows = [minute(limit)];
        expect(await check({ windows, cost: 0 })).toMatchObject({ kind: 'allowed', windows: [{ remaining: limit }] });
        const first = await check({ windows, cost: limit - 1 });
        const look = await check({ windows, cost: 0 });
        expect(look).toMatchObject({ kind: 'allowed', windows: [{ remaining: 1 }] });
        expect(resetAt(look)).toBe(resetAt(first));
        expect(await check({ windows })).toMatchObject({ kind: 'allowed', windows: [{ remaining: 0 }] });
        expect(await check({ windows, cost: 0 })).toMatchObject({ kind: 'allowed', windows: [{ remaining: 0 }] });
        expect(await check({ windows })).toMatchObject({ kind: 'limited' });
      },
    );

    it('a look passes, and forgets nothing, where a limit that was lowered is overrun', async () => {
      await check({ windows: [minute(10)], cost: 7 });
      expect(await check({ windows: [minute(5)], cost: 0 })).toMatchObject({
        kind: 'allowed',
        windows: [{ remaining: 0 }],
      });
      expect(await check({ windows: [minute(8)] })).toMatchObject({ kind: 'allowed', windows: [{ remaining: 0 }] });
    });

    it('a call that costs more than the limit never passes and counts nothing', async () => {
      const windows = [minute(10)];
      expect(await check({ windows, cost: 11 })).toMatchObject({ kind: 'limited', windows: [{ remaining: 10 }] });
    });

    it.each([
      ['raised', 10, 15],
      ['lowered', 10, 4],
      ['raised above a thousand', 900, 1_800],
      ['lowered from above a thousand', 1_500, 1_400],
      ['lowered from above a thousand, barely used', 1_100, 900],
    ])('calls of before still count when a limit is %s', async (_, before, after) => {
      const used = Math.min(before, 950);
      expect(await times(used, { windows: [minute(before)] })).toBe(Math.min(used, before));
      expect(await times(2_000, { windows: [minute(after)] })).toBe(Math.max(0, after - Math.min(used, before)));
    });

    it('a limit that goes up and down and up lets no more pass than the highest', async () => {
      let passed = 0;
      for (const limit of [100, 5, 1_200, 5, 100, 1_200, 900])
        passed += await times(1_300, { windows: [minute(limit)] });
      expect(passed).toBe(1_200);
    });

    const resetAt = (outcome: Outcome<Denial>) =>
      outcome.kind === 'allowed' ? outcome.windows[0]?.resetAtMs : undefined;
    const resetIn = (outcome: Outcome<Denial>) =>
      outcome.kind === 'allowed' ? (outcome.windows[0]?.resetAtMs ?? 0) - outcome.nowMs : NaN;
  });
}
