import type { KeyEvent } from '@latchkey/contracts';
import fc from 'fast-check';
import {
  at,
  decided,
  eventsOf,
  first,
  grant,
  grantor,
  isOf,
  mayGrant,
  run,
  scopeSetIds,
  steps,
  within,
} from '../../testing/key-histories';
import { decide } from './decide';
import { evolve, initialKey, liveSecrets } from './key';

const INSTALLATION = { kind: 'installation' } as const;

describe('over random histories of commands', () => {
  it('a child never exceeds its maker', () =>
    fc.assert(
      fc.property(grant, scopeSetIds, grantor, (wanted, ids, by) => {
        const key = decided(first(wanted, by, { scopeSetIds: ids }), initialKey).reduce(evolve, initialKey);
        expect(key.status === 'None' || mayGrant(key, by)).toBe(true);
      }),
      { numRuns: 500 },
    ));

  it('after a widening, a rotation or a resumption the key, as a whole, is within what who did it has, and theirs, unless somebody else had stopped it', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, ({ before, command, events, after }) => {
          if (before.status === 'None' || after.status === 'None' || events.length === 0) return;
          const granted =
            command.type === 'RotateKey' ||
            command.type === 'ResumeKey' ||
            (command.type === 'ChangeKey' && !within(after, before));
          if (!granted) return;
          expect(mayGrant(after, command.grantor)).toBe(true);
          const byAnother = before.suspendedBy !== null && before.suspendedBy !== before.userId;
          expect(byAnother ? command.type === 'ResumeKey' && command.changesAll : isOf(after, command.grantor)).toBe(
            true,
          );
        }),
      ),
      { numRuns: 1_000 },
    ));

  it('nothing but a change makes a key stronger, and nothing but a resumption makes one pass again', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, ({ before, command, after }) => {
          if (before.status === 'None' || after.status === 'None') return;
          if (command.type !== 'ChangeKey') expect(within(after, before)).toBe(true);
          if (before.status !== 'Active' && after.status === 'Active') expect(command.type).toBe('ResumeKey');
          if (before.status === 'Revoked') expect(after).toEqual(before);
        }),
      ),
      { numRuns: 500 },
    ));

  it('whoever may change keys may narrow any of them', () =>
    fc.assert(
      fc.property(grant, grant, grantor, (wanted, narrower, by) => {
        const key = decided(first(wanted, INSTALLATION), initialKey).reduce(evolve, initialKey);
        const { scopes: canonical, ...others } = narrower;
        if (!within(narrower, wanted)) return;
        const changes = { scopes: { canonical, asSent: canonical }, ...others };
        const events = decide({ type: 'ChangeKey', changes, setScopes: new Map(), grantor: by, now: at(0) }, key);
        expect(events.reduce(evolve, key)).toMatchObject(narrower);
      }),
      { numRuns: 1_000 },
    ));

  it('at most two secrets are live, and one of them in a grace period, of which it is known how it came to be', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, ({ after, now }) => {
          if (after.status === 'None') return;
          expect(after.secrets.length).toBeLessThanOrEqual(2);
          expect(liveSecrets(after, now).length).toBeLessThanOrEqual(2);
          const old = after.secrets.filter(({ graceUntil }) => graceUntil !== null);
          expect(old.map(({ number }) => number)).toEqual(after.rotation ? [after.rotation.oldSecretNumber] : []);
        }),
      ),
    ));

  it('rotating away a secret that was lost ends that one, and shortens no other one, unless everything older is to end', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, ({ before, command, events, after, now }) => {
          if (command.type !== 'RotateKey' || !command.lost || events.length === 0) return;
          if (before.status !== 'Active' || after.status !== 'Active') return;
          const live = liveSecrets(before, now);
          if (live.at(-1)?.number !== command.replaces) return;
          const kept = command.gracePeriodMs === 0 ? [] : live.slice(0, -1);
          expect(liveSecrets(after, now)).toEqual([...kept, expect.objectContaining({ number: command.replaces + 1 })]);
        }),
      ),
    ));

  it('a grace period is never lengthened, and a secret that has ended never comes back', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, ({ before, after, now }) => {
          if (before.status === 'None' || after.status === 'None') return;
          const ends = new Map(
            before.secrets.map(({ number, graceUntil }) => [number, graceUntil?.getTime() ?? Infinity]),
          );
          for (const { number, graceUntil } of liveSecrets(after, now)) {
            const end = ends.get(number) ?? (number > before.lastSecretNumber ? Infinity : -Infinity);
            expect(graceUntil?.getTime() ?? Infinity).toBeLessThanOrEqual(end);
          }
        }),
      ),
    ));

  it('that a rotation stalls, and that a key ends, is recorded once', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) => {
        const told: string[] = [];
        run(wanted, history, ({ events }) => told.push(...events.flatMap(tellingOf)));
        expect(told).toEqual([...new Set(told)]);
      }),
    ));

  it('no order of replayed, doubled or delayed events makes a revoked key live again', () =>
    fc.assert(
      fc.property(grant, steps, fc.infiniteStream(fc.nat()), (wanted, history, picks) => {
        const all = eventsOf(wanted, history);
        const revoked = evolve(all.reduce(evolve, initialKey), {
          type: 'latchkey.key.revoked.v1',
          data: { reason: 'requested', revokedAt: at(9_999).toISOString() },
        });
        const noise = Array.from({ length: 20 }, () => all[(picks.next().value ?? 0) % all.length]).filter(
          (e) => e !== undefined,
        );
        expect(noise.reduce(evolve, revoked)).toEqual(revoked);
      }),
    ));
});

/** What must come once. */
function tellingOf({ type, data }: KeyEvent): string[] {
  if (type === 'latchkey.key.rotation_stalled.v1') return [`${type} ${data.oldSecretId}`];
  return type === 'latchkey.key.revoked.v1' ? [type] : [];
}
