import type { SigningKeyEvent } from '@latchkey/contracts';
import { given as givenEvents } from '@latchkey/testing';
import fc from 'fast-check';
import type { SigningKeyCommand } from './commands';
import { decide, KNOWN_BEFORE_MS, keysMissing, SIGNS_FOR_MS, VERIFIES_AFTER_MS } from './decide';
import {
  activeKey,
  evolve,
  keysOf,
  noSigningKeys,
  verifyingKeys,
  type PublicSigningKey,
  type SigningAlgorithm,
  type SigningKeys,
} from './signing-keys';

const START = Date.UTC(2026, 3, 28, 12);
const at = (afterMs: number) => new Date(START + afterMs);
const iso = (afterMs: number) => at(afterMs).toISOString();
const key = (kid: string, algorithm: SigningAlgorithm = 'RS256'): PublicSigningKey => ({
  kid,
  algorithm,
  jwk: { kty: 'X' },
});

const published = (kid: string, afterMs = 0, algorithm: SigningAlgorithm = 'RS256'): SigningKeyEvent => ({
  type: 'latchkey.signing_key.published.v1',
  data: { ...key(kid, algorithm), publishedAt: iso(afterMs) },
});
const activated = (
  kid: string,
  afterMs = 0,
  reason: 'scheduled' | 'requested' | 'revoked' = 'scheduled',
): SigningKeyEvent => ({
  type: 'latchkey.signing_key.activated.v1',
  data: { kid, reason, activatedAt: iso(afterMs) },
});
const retired = (kid: string, afterMs: number): SigningKeyEvent => ({
  type: 'latchkey.signing_key.retired.v1',
  data: { kid, retiredAt: iso(afterMs) },
});
const dropped = (kid: string, afterMs: number): SigningKeyEvent => ({
  type: 'latchkey.signing_key.dropped.v1',
  data: { kid, droppedAt: iso(afterMs) },
});
const revoked = (kid: string, afterMs: number): SigningKeyEvent => ({
  type: 'latchkey.signing_key.revoked.v1',
  data: { kid, revokedAt: iso(afterMs) },
});

const decider = { initialState: noSigningKeys, decide, evolve };
const given = (...events: SigningKeyEvent[]) =>
  givenEvents<SigningKeys, SigningKeyCommand, SigningKeyEvent>(decider, events);
const keep = (afterMs: number, made: string[] = [], algorithm: SigningAlgorithm = 'RS256'): SigningKeyCommand => ({
  type: 'KeepKeys',
  algorithm,
  made: made.map((kid) => key(kid, algorithm)),
  now: at(afterMs),
});
const rotate = (afterMs: number): SigningKeyCommand => ({ type: 'RotateKeys', now: at(afterMs) });
const revoke = (kid: string, afterMs: number): SigningKeyCommand => ({ type: 'RevokeKey', kid, now: at(afterMs) });

const FIRST = [published('a'), activated('a'), published('b')];

describe('time', () => {
  it('brings a first key, which signs at once, and the next one', () =>
    given()
      .when(keep(0, ['a', 'b', 'spare']))
      .then(FIRST));

  it('changes nothing while the one that signs has not done so for long enough', () =>
    given(...FIRST)
      .when(keep(SIGNS_FOR_MS - 1, ['c']))
      .then([]));

  it('has the next key sign after 90 days, and publishes another', () =>
    given(...FIRST)
      .when(keep(SIGNS_FOR_MS, ['c']))
      .then([retired('a', SIGNS_FOR_MS), activated('b', SIGNS_FOR_MS), published('c', SIGNS_FOR_MS)]));

  it('has no key sign that is not known for long enough', () => {
    const late = SIGNS_FOR_MS - KNOWN_BEFORE_MS + 1;
    const young = [published('a'), activated('a'), published('b', late)];
    given(...young)
      .when(keep(SIGNS_FOR_MS))
      .then([]);
    given(...young)
      .when(keep(SIGNS_FOR_MS + 1))
      .then([retired('a', SIGNS_FOR_MS + 1), activated('b', SIGNS_FOR_MS + 1)]);
  });

  it('keeps a key that signs no more for as long as a token may live that it has signed', () => {
    const rotated = [...FIRST, retired('a', 1_000), activated('b', 1_000), published('c', 1_000)];
    given(...rotated)
      .when(keep(1_000 + VERIFIES_AFTER_MS - 1))
      .then([]);
    given(...rotated)
      .when(keep(1_000 + VERIFIES_AFTER_MS))
      .then([dropped('a', 1_000 + VERIFIES_AFTER_MS)]);
  });

  it('goes over to another algorithm as soon as a key of it is known', () => {
    given(...FIRST)
      .when(keep(1, ['e'], 'ES256'))
      .then([published('e', 1, 'ES256')]);
    const waiting = [...FIRST, published('e', 1, 'ES256')];
    given(...waiting)
      .when(keep(2, [], 'ES256'))
      .then([]);
    const then = 1 + KNOWN_BEFORE_MS;
    given(...waiting)
      .when(keep(then, ['f'], 'ES256'))
      .then([retired('a', then), activated('e', then), published('f', then, 'ES256')]);
  });

  it('keeps the next key of another algorithm for a day, for processes that are still set to it', () => {
    const other = [...FIRST, published('e', 0, 'ES256')];
    given(...other)
      .when(keep(86_399_999))
      .then([]);
    given(...other)
      .when(keep(86_400_000))
      .then([dropped('e', 86_400_000)]);
  });
});

describe('a rotation', () => {
  it('has the next key sign when it is known', () =>
    given(...FIRST)
      .when(rotate(KNOWN_BEFORE_MS))
      .then([retired('a', KNOWN_BEFORE_MS), activated('b', KNOWN_BEFORE_MS, 'requested')]));

  it('is refused while it is not, and while there is none', () => {
    given(...FIRST)
      .when(rotate(KNOWN_BEFORE_MS - 1))
      .thenThrows('signing_key.next_too_new');
    given(published('a'), activated('a')).when(rotate(KNOWN_BEFORE_MS)).thenThrows('signing_key.next_too_new');
    given().when(rotate(0)).thenThrows('signing_key.next_too_new');
  });
});

describe('a revocation', () => {
  it('ends the key that signs, and has the next one sign however new it is', () =>
    given(...FIRST)
      .when(revoke('a', 1))
      .then([revoked('a', 1), activated('b', 1, 'revoked')]));

  it('ends any other key, and the one that signs goes on', () => {
    given(...FIRST)
      .when(revoke('b', 1))
      .then([revoked('b', 1)]);
    given(...FIRST, retired('a', 1), activated('b', 1))
      .when(revoke('a', 2))
      .then([revoked('a', 2)]);
  });

  it('leaves nothing to sign with where there is no next key, till time brings one that signs at once', () => {
    const alone = [published('a'), activated('a')];
    given(...alone)
      .when(revoke('a', 1))
      .then([revoked('a', 1)]);
    given(...alone, revoked('a', 1))
      .when(keep(2, ['b', 'c']))
      .then([published('b', 2), activated('b', 2), published('c', 2)]);
  });

  it('stays as it is when it is asked for twice, and is refused of a key that there is not', () => {
    given(...FIRST, revoked('b', 1))
      .when(revoke('b', 2))
      .then([]);
    given(...FIRST, dropped('b', 1))
      .when(revoke('b', 2))
      .then([]);
    given(...FIRST)
      .when(revoke('z', 1))
      .thenThrows('signing_key.not_found');
  });
});

/** One of the commands, after so many ms. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom('keep', 'keep', 'keep', 'rotate', 'revoke'),
    afterMs: fc.constantFrom(1, KNOWN_BEFORE_MS, 86_400_000, SIGNS_FOR_MS),
    algorithm: fc.constantFrom<SigningAlgorithm>('RS256', 'RS256', 'RS256', 'ES256'),
    place: fc.nat(20),
  }),
  { maxLength: 40 },
);

it('whatever happens, one key signs, another is ready, none comes back, and none verifies before or after its time', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let state = noSigningKeys;
      let nowMs = 0;
      let made = 0;
      const apply = (command: SigningKeyCommand) => {
        const before = state;
        const events = refusedIsNothing(() => decide(command, state));
        state = events.reduce(evolve, state);
        for (const event of events) lookAt(event, before);
      };
      const lookAt = ({ type, data }: SigningKeyEvent, before: SigningKeys) => {
        const then = before.keys.find(({ kid }) => kid === data.kid);
        if (type === 'latchkey.signing_key.published.v1') expect(then).toBeUndefined();
        else if (type !== 'latchkey.signing_key.activated.v1') expect(verifyingKeys(before)).toContain(then);
        else if (activeKey(before) && data.reason !== 'revoked')
          expect(nowMs - (then ? then.publishedAt.getTime() - START : nowMs)).toBeGreaterThanOrEqual(KNOWN_BEFORE_MS);
      };
      const keepNow = (algorithm: SigningAlgorithm) => {
        const count = keysMissing({ type: 'KeepKeys', algorithm, now: at(nowMs) }, state);
        apply(
          keep(
            nowMs,
            Array.from({ length: count }, () => `k${(made += 1)}`),
            algorithm,
          ),
        );
        expect(keysOf(state, 'Active')).toHaveLength(1);
        expect(keysOf(state, 'Published').some((one) => one.algorithm === algorithm)).toBe(true);
        expect(keysMissing({ type: 'KeepKeys', algorithm, now: at(nowMs) }, state)).toBe(0);
        expect(decide(keep(nowMs, ['more'], algorithm), state)).toEqual([]);
      };
      for (const { what, afterMs, algorithm, place } of all) {
        nowMs += afterMs;
        if (what === 'keep') keepNow(algorithm);
        else if (what === 'rotate') apply(rotate(nowMs));
        else apply(revoke(state.keys[place % Math.max(1, state.keys.length)]?.kid ?? 'none', nowMs));
        expect(keysOf(state, 'Active').length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});

function refusedIsNothing(decideIt: () => readonly SigningKeyEvent[]): readonly SigningKeyEvent[] {
  try {
    return decideIt();
  } catch {
    return [];
  }
}
