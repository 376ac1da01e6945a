import { isAppError, keyId, userId, workspaceId } from '@latchkey/kernel';
import {
  assetsWithin,
  expiryWithin,
  ipsWithin,
  planWithin,
  profileByName,
  scopesWithin,
  type Grant,
  type Profile,
} from '@latchkey/access';
import type { KeyEvent } from '@latchkey/contracts';
import fc from 'fast-check';
import { PLAIN_KEY, type CreateKey, type Grantor, type KeyCommand, type ScopesOfSets } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { evolve, initialKey, type Key, type KeyState } from '../domain/key/key';

/*
 * Random histories of a key, by commands of everybody: its user and others, with much and with little. What a command is refused for is no
 * fault, and leaves nothing.
 */

const profile = profileByName('zshield') as Profile;
const HOUR_MS = 3_600_000;
export const at = (hours: number): Date => new Date(Date.UTC(2026, 0, 1) + hours * HOUR_MS);

const scopes = fc.uniqueArray(
  fc.constantFrom('alerts:read', 'alerts:write', 'rules:read', 'rules:write', 'admin:full'),
);
const plan = fc.constantFrom('starter', 'professional', 'enterprise', 'unlimited');
const assets = fc.oneof(fc.constant('all' as const), fc.uniqueArray(fc.constantFrom('a', 'b', 'c')));
const allowedIps = fc.uniqueArray(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '2001:db8::/32'));
const expiresAt = fc.option(fc.integer({ min: 1, max: 300 }).map(at));
export const grant: fc.Arbitrary<Grant> = fc.record({ scopes, plan, assets, allowedIps, expiresAt });
const everything: Grant = { scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null };

/** Who lacks one thing is refused for that alone. */
const lacksOne: fc.Arbitrary<Grant> = fc
  .tuple(grant, fc.constantFrom('scopes', 'plan', 'assets', 'allowedIps', 'expiresAt'))
  .map(([own, field]) => ({ ...everything, [field]: own[field] }));
const user = fc.constantFrom('u', 'u', 'u', 'another').map(userId);
export const grantor: fc.Arbitrary<Grantor> = fc.record({
  kind: fc.constant('credential' as const),
  userId: user,
  profile: fc.constant(profile),
  grant: fc.oneof(fc.constant(everything), lacksOne, grant),
  ofOwner: fc.boolean(),
});

const sets: ScopesOfSets = new Map([
  ['readers', ['alerts:read', 'rules:read']],
  ['writers', ['alerts:write', 'rules:write']],
]);
export const scopeSetIds = fc.oneof(fc.constant([]), fc.uniqueArray(fc.constantFrom(...sets.keys())));

const changes = fc.record(
  {
    name: fc.constantFrom('a', 'b'),
    scopes: scopes.map((list) => ({ canonical: list, asSent: list })),
    allowedIps,
    assets,
    plan,
    scopeSetIds,
    tags: fc.uniqueArray(fc.constantFrom('x', 'y')),
    expiresAt,
  },
  { requiredKeys: [] },
);

/** A command, once it is known which secret is the newest one, and how late it is. */
type CommandOn = (last: number, now: Date) => KeyCommand;

const always = <Command>(
  command: fc.Arbitrary<Command>,
  on: (command: Command, last: number, now: Date) => KeyCommand,
) =>
  command.map(
    (chosen): CommandOn =>
      (last, now) =>
        on(chosen, last, now),
  );

const reason = 'requested';
const setScopes = sets;
const rotation = fc.record({
  back: fc.constantFrom(0, 0, 0, 1),
  lost: fc.boolean(),
  gracePeriodMs: fc.constantFrom(0, HOUR_MS / 2, 48 * HOUR_MS, 720 * HOUR_MS),
  endsWhenSilentMs: fc.constantFrom(null, 6 * HOUR_MS),
  grantor,
});
/** How many secrets before the newest one. Those that are long gone are soon refused, and nothing would happen. */
const back = fc.constantFrom(0, 1, 2);
const usedHoursAgo = fc.integer({ min: 0, max: 24 });
const hoursBefore = (now: Date, hours: number) => new Date(now.getTime() - hours * HOUR_MS);
const policy = fc.constantFrom('notify' as const, 'rotate' as const, 'revoke' as const);
const leak = { source: 'commit', url: 'https://code.example' };

const command: fc.Arbitrary<CommandOn> = fc.oneof(
  {
    weight: 8,
    arbitrary: always(fc.record({ changes, grantor }), (change, _, now) => ({
      ...{ type: 'ChangeKey', ...change, setScopes, now },
    })),
  },
  {
    weight: 9,
    arbitrary: always(rotation, ({ back: age, ...rotate }, last, now) => ({
      ...{ type: 'RotateKey', replaces: last - age, ...rotate, setScopes, now },
    })),
  },
  {
    weight: 4,
    arbitrary: always(back, (age, last, now) => ({ type: 'RevokeSecret', secretNumber: last - age, reason, now })),
  },
  {
    weight: 2,
    arbitrary: always(user, (by, _, now) => ({ type: 'SuspendKey', reason, userId: by, now })),
  },
  {
    weight: 3,
    arbitrary: always(fc.record({ grantor, changesAll: fc.boolean() }), (by, _, now) => ({
      ...{ type: 'ResumeKey', setScopes, ...by, now },
    })),
  },
  {
    weight: 2,
    arbitrary: always(fc.tuple(back, usedHoursAgo), ([age, hours], last, now) => ({
      ...{ type: 'EndSilentSecret', secretNumber: last - age, lastUsedAt: hoursBefore(now, hours), now },
    })),
  },
  {
    weight: 1,
    arbitrary: always(usedHoursAgo, (hours, _, now) => ({
      ...{ type: 'NoteStalledRotation', lastUsedAt: hoursBefore(now, hours), now },
    })),
  },
  { weight: 1, arbitrary: always(fc.constant(null), (_, _last, now) => ({ type: 'ExpireKey', now })) },
  {
    weight: 1,
    arbitrary: always(fc.constantFrom(30 as const, 14 as const, 7 as const), (daysBefore, _, now) => ({
      ...{ type: 'RemindOfExpiry', daysBefore, now },
    })),
  },
  {
    weight: 1,
    arbitrary: always(fc.tuple(back, policy), ([age, chosen], last, now) => ({
      ...{ type: 'ReportLeak', secretNumber: last - age, policy: chosen, ...leak, now },
    })),
  },
  { weight: 1, arbitrary: always(fc.constant(null), (_, _last, now) => ({ type: 'RevokeKey', reason, now })) },
);

/** Hours between one command and the next. */
const pause = fc.integer({ min: 0, max: 20 });
export const steps = fc.array(fc.record({ pause, command }), { maxLength: 30 });
type History = readonly { readonly pause: number; readonly command: CommandOn }[];

/** Its scopes, and those that its sets hold. */
const scopesOf = ({ scopes: own, scopeSetIds: ids = [] }: Grant & Partial<Key>) => [
  ...own,
  ...ids.flatMap((id) => sets.get(id) ?? []),
];

export const within = (child: Grant & Partial<Key>, own: Grant & Partial<Key>): boolean =>
  scopesWithin(profile, scopesOf(child), scopesOf(own)) &&
  planWithin(profile, child.plan, own.plan) &&
  assetsWithin(child.assets, own.assets) &&
  ipsWithin(child.allowedIps, own.allowedIps) &&
  expiryWithin(child.expiresAt, own.expiresAt);

export const mayGrant = (child: Key, by: Grantor): boolean =>
  by.kind === 'installation' || (within(child, by.grant) && (child.plan !== 'unlimited' || by.ofOwner));

export const isOf = (key: Key, by: Grantor): boolean => by.kind === 'installation' || by.userId === key.userId;

export const first = (wanted: Grant, by: Grantor, more: Partial<CreateKey> = {}): KeyCommand => ({
  type: 'CreateKey',
  ...PLAIN_KEY,
  keyId: keyId('k'),
  displayId: 'key-00000000',
  workspaceId: workspaceId('w'),
  userId: userId('u'),
  name: 'a',
  grant: wanted,
  scopesAsSent: wanted.scopes,
  grantor: by,
  now: at(0),
  setScopes: sets,
  ...more,
});

/** What a refused command leaves: nothing. Any other error is a fault. */
export function decided(command: KeyCommand, state: KeyState): readonly KeyEvent[] {
  try {
    return decide(command, state);
  } catch (error) {
    if (isAppError(error)) return [];
    throw error;
  }
}

/** A step of a history: what was there, what was asked, what came of it, and when. */
export interface Step {
  readonly before: KeyState;
  readonly command: KeyCommand;
  readonly events: readonly KeyEvent[];
  readonly after: KeyState;
  readonly now: Date;
}

/** Runs a history from a key that the installation made. */
export function run(wanted: Grant, history: History, look: (step: Step) => void): void {
  let state = decided(first(wanted, { kind: 'installation' }), initialKey).reduce(evolve, initialKey);
  let passed = 0;
  for (const step of history) {
    passed += step.pause;
    const now = at(passed);
    const chosen = step.command(state.status === 'None' ? 1 : state.lastSecretNumber, now);
    const events = decided(chosen, state);
    const after = events.reduce(evolve, state);
    look({ before: state, command: chosen, events, after, now });
    state = after;
  }
}

/** All events of such a history. */
export function eventsOf(wanted: Grant, history: History): readonly KeyEvent[] {
  const events = [...decided(first(wanted, { kind: 'installation' }), initialKey)];
  run(wanted, history, (step) => void events.push(...step.events));
  return events;
}
