import type { KeyEvent } from '@latchkey/contracts';
import type { KeyCommand, RotateKey } from './commands';
import { evolve, initialKey } from './key';
import { nextLook } from './rotation';
import {
  another,
  at,
  by,
  created,
  givenKey,
  graceEnded,
  HOUR_MS,
  iso,
  KEY,
  resumed,
  revoked,
  rotate,
  rotated,
  secretRevoked,
  suspended,
} from '../../testing/key-history';

describe('rotating a key', () => {
  it('brings in the next secret, and the old one passes until the grace period ends (S3-10)', () =>
    givenKey(created)
      .when(rotate())
      .then([rotated(1, 2, 1, 49)]));

  it('with grace 0 the old secret has ended already (C8)', () => {
    const events = [created, rotated(1, 2, 1, 1)];
    givenKey(created)
      .when(rotate({ gracePeriodMs: 0 }))
      .then(events.slice(1));
    expect(events.reduce(evolve, initialKey)).toMatchObject({ secrets: [{ number: 2, graceUntil: null }] });
  });

  it('again inside a grace period ends the oldest: at most two are live', () =>
    givenKey(created, rotated(1, 2, 1, 49))
      .when(rotate({ replaces: 2, now: at(2) }))
      .then([graceEnded(1, 2, 'superseded'), rotated(2, 3, 2, 50)]));

  describe('again, when the last reply was lost, costs nobody a secret (C31)', () => {
    const lost = [created, rotated(1, 2, 1, 49)];
    const again = (overrides: Partial<RotateKey> = {}) =>
      rotate({ replaces: 2, lost: true, gracePeriodMs: 24 * HOUR_MS, now: at(2), ...overrides });

    it('the first one keeps its grace period, and the lost one has ended', () => {
      givenKey(...lost)
        .when(again())
        .then([rotated(2, 3, 2, 2)]);
      expect([...lost, rotated(2, 3, 2, 2)].reduce(evolve, initialKey)).toMatchObject({
        secrets: [
          { number: 1, graceUntil: at(49) },
          { number: 3, graceUntil: null },
        ],
      });
    });

    it('however often', () =>
      givenKey(...lost, rotated(2, 3, 2, 2))
        .when(again({ replaces: 3, now: at(3) }))
        .then([rotated(3, 4, 3, 3)]));

    it('the first secret of a key, when that was lost, has ended', () =>
      givenKey(created)
        .when(rotate({ lost: true }))
        .then([rotated(1, 2, 1, 1)]));

    it('with grace 0 nothing older passes (C8)', () =>
      givenKey(...lost)
        .when(again({ gracePeriodMs: 0 }))
        .then([graceEnded(1, 2, 'superseded'), rotated(2, 3, 2, 2)]));

    it('a lost one that was revoked is not the one that is replaced', () =>
      givenKey(...lost, secretRevoked(2))
        .when(again({ now: at(3) }))
        .then([rotated(1, 3, 3, 27)]));
  });

  it('does not lengthen a grace period that runs', () =>
    givenKey(created, rotated(1, 2, 1, 10), secretRevoked(2))
      .when(rotate({ replaces: 2, now: at(3) }))
      .then([rotated(1, 3, 3, 10)]));

  it('a number is never used again', () => {
    const events = [created, rotated(1, 2, 1, 10), secretRevoked(2), rotated(1, 3, 3, 10)];
    expect(events.reduce(evolve, initialKey)).toMatchObject({ secrets: [{ number: 1 }, { number: 3 }] });
  });

  it('of several at once one wins', () =>
    givenKey(created, rotated(1, 2, 1, 49))
      .when(rotate({ replaces: 1 }))
      .thenThrows('stream.version_conflict'));

  it('hands nobody a secret that stands for another user, whatever they have', () =>
    givenKey(created)
      .when(rotate({ grantor: another }))
      .thenThrows('auth.forbidden'));

  it('hands nobody a secret that can do more than they can', () =>
    givenKey(created)
      .when(rotate({ grantor: by({ scopes: ['alerts:read'] }) }))
      .thenThrows('key.exceeds_grantor'));

  it('is refused for one that is not there, has expired or is revoked', () => {
    givenKey().when(rotate()).thenThrows('key.not_found');
    givenKey(created)
      .when(rotate({ now: at(1_000) }))
      .thenThrows('key.expired');
    givenKey(created, revoked(1)).when(rotate()).thenThrows('key.already_revoked');
  });
});

const LONG = [created, rotated(1, 2, 1, 241)];
const note = (lastUsed: number, now: number): KeyCommand => ({
  ...{ type: 'NoteStalledRotation', lastUsedAt: at(lastUsed), now: at(now) },
});
const stalled = (graceUntil: number, lastUsed: number): KeyEvent => ({
  type: 'latchkey.key.rotation_stalled.v1',
  data: {
    ...{ name: 'SOAR Integration', userId: 'u', oldSecretId: `${KEY}.1` },
    ...{ graceUntil: iso(graceUntil), lastUsedAt: iso(lastUsed) },
  },
});

describe('an old secret that is in use shortly before it ends', () => {
  it('is noted on its last day', () =>
    givenKey(...LONG)
      .when(note(200, 217))
      .then([stalled(241, 200)]));

  it('of a short grace period in its last quarter, when it was used in its second half', () =>
    givenKey(created, rotated(1, 2, 1, 9))
      .when(note(4, 7))
      .then([stalled(9, 4)]));

  it.each<[string, readonly KeyEvent[], KeyCommand]>([
    ['earlier', LONG, note(216, 216.9)],
    ['when nobody has used it for a day', LONG, note(200, 224.1)],
    ['when nobody has used it since it was replaced', [created, rotated(1, 2, 1, 9)], note(0.9, 7)],
    ['twice', [...LONG, stalled(241, 200)], note(230, 231)],
    ['again when the key is rotated again, as that leaves it its time', again(), note(230, 231)],
    ['when it has ended', LONG, note(240, 241)],
    ['when no secret was replaced', [created], note(1, 2)],
    ['of a key that is suspended', [...LONG, suspended(210)], note(205, 217)],
    ['of a key that has ended', [...LONG, revoked(210)], note(205, 217)],
  ])('is not noted %s', (_when, history, command) =>
    givenKey(...history)
      .when(command)
      .then([]),
  );

  function again(): readonly KeyEvent[] {
    return [...LONG, stalled(241, 200), secretRevoked(2), rotated(1, 3, 220, 241)];
  }
});

const endSilent = (lastUsed: number | null, now: number, secretNumber = 1): KeyCommand => ({
  ...{ type: 'EndSilentSecret', secretNumber, lastUsedAt: lastUsed === null ? null : at(lastUsed), now: at(now) },
});

describe('an old secret that is to end when it is silent', () => {
  const silent = [created, rotated(1, 2, 1, 49, 6)];

  it('is chosen with the rotation', () =>
    givenKey(created)
      .when(rotate({ endsWhenSilentMs: 6 * HOUR_MS }))
      .then([silent[1] as KeyEvent]));

  it('ends when nobody has used it for so long', () =>
    givenKey(...silent)
      .when(endSilent(4, 10))
      .then([graceEnded(1, 10, 'silent')]));

  it('is silent from when it was replaced, when nobody has used it since', () => {
    givenKey(...silent)
      .when(endSilent(null, 7))
      .then([graceEnded(1, 7, 'silent')]);
    givenKey(...silent)
      .when(endSilent(0.5, 6.9))
      .then([]);
  });

  it.each<[string, readonly KeyEvent[], KeyCommand]>([
    ['while it is in use', silent, endSilent(5, 10)],
    ['unless it was chosen', [created, rotated(1, 2, 1, 49)], endSilent(null, 10)],
    ['twice', [...silent, graceEnded(1, 7, 'silent')], endSilent(null, 10)],
    ['when it is the current one', silent, endSilent(null, 10, 2)],
    ['when its successor was revoked, as the key has no other', [...silent, secretRevoked(2)], endSilent(null, 10)],
    ['while the key is suspended, as nobody can use it', [...silent, suspended(2)], endSilent(null, 10)],
    [
      'when the key was suspended, as its silence says nothing',
      [...silent, suspended(2), resumed(20)],
      endSilent(null, 21),
    ],
  ])('does not end %s', (_when, history, command) =>
    givenKey(...history)
      .when(command)
      .then([]),
  );
});

describe('the next look at a rotation', () => {
  const minutes = (count: number) => count / 60;
  const look = (history: readonly KeyEvent[], lastUsed: number | null, now: number) => {
    const state = history.reduce(evolve, initialKey);
    const next = nextLook(state, lastUsed === null ? null : at(lastUsed), at(now));
    return next && (next.getTime() - at(0).getTime()) / HOUR_MS;
  };
  const silent = [created, rotated(1, 2, 1, 49, 6)];

  it.each<[string, number | null, readonly KeyEvent[], number | null, number]>([
    ['when its last day begins', 217, LONG, null, 1],
    ['on its last day, a while later', 230.25, LONG, null, 230],
    ['when it ends, where it is soon, or all is noted', 241, [...LONG, stalled(241, 200)], 220, 221],
    ['when it would have been silent for long enough', 7, silent, null, 1],
    ['when it would have been, counted from its last use', 15, silent, 9, 10],
    ['a while later, when it is not known whether it was', 8.25, silent, null, 8],
    ['of a short silence sooner', 8 + minutes(1), [created, rotated(1, 2, 1, 49, minutes(10))], null, 8],
    ['when it ends, while the key is suspended', 49, [...silent, suspended(2)], null, 3],
    ['never, when it has ended', null, silent, null, 49],
    ['never, when no secret was replaced', null, [created], null, 3],
    ['never, of a key that is revoked', null, [...silent, revoked(2)], null, 3],
  ])('is %s', (_, expected, history, lastUsed, now) => {
    const next = look(history, lastUsed, now);
    expect(next === null ? null : Math.round(next * 1_000)).toBe(
      expected === null ? null : Math.round(expected * 1_000),
    );
  });
});

it('a key that is suspended is not rotated', () =>
  givenKey(created, suspended(1)).when(rotate()).thenThrows('key.suspended'));
