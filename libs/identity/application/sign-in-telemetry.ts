import { maskKeys } from '@latchkey/access';
import { SOURCES, TOPICS, type SignInEntry, type SignInEvent } from '@latchkey/contracts';
import { EachSecond } from '@latchkey/kernel';
import type { Entries, TelemetryKind } from '@latchkey/telemetry';
import type { SignInAttempt, SignInCounter, SignInOutcome, SignInRecord } from './sign-in-ports';

/** Of an object with a handful of members. */
const OBJECT_BYTES = 400;
const USER_AGENT_LENGTH_MAX = 256;

/** Whoever tries chooses what the browser calls itself: it is cut, and whatever looks like a key in it is masked first. */
const presentable = (entry: SignInEntry): SignInEntry => ({
  ...entry,
  userAgent: entry.userAgent === null ? null : maskKeys(entry.userAgent).slice(0, USER_AGENT_LENGTH_MAX),
});

/** The record of attempts to sign in, successful and failed (S2-15, S3-17). */
export const signInTelemetry: TelemetryKind<SignInEntry> = {
  name: 'sign_ins',
  source: SOURCES.identity,
  topic: TOPICS.signIns,
  bytesOf: ({ userAgent }) => OBJECT_BYTES + 2 * (userAgent?.length ?? 0),
  presentable: (entries) => entries.map(presentable),
  batchOf: (entries, node): SignInEvent => ({
    type: 'latchkey.sign_ins.recorded.v1',
    data: { ...node, signIns: [...entries] },
  }),
};

/** What anybody can make happen as often as they like: no budget of attempts bounds it. */
const UNBOUNDED: ReadonlySet<SignInOutcome> = new Set([
  'rate_limited',
  'captcha_required',
  'no_such_account',
  'challenge_ended',
  'unavailable',
]);
/** Of those, recorded in a second. */
const UNBOUNDED_EACH_SECOND = 20;

/**
 * Tells the audit of attempts, and whoever operates the service. Of those that anybody can make without end only some in each second are in
 * the audit; all are counted, and those that are not recorded once more.
 */
export class RecordedSignIns implements SignInRecord {
  readonly #ofAnybody = new EachSecond(UNBOUNDED_EACH_SECOND);

  constructor(
    private readonly entries: Entries<SignInEntry>,
    private readonly operators: SignInCounter,
  ) {}

  record(attempt: SignInAttempt): void {
    this.operators.record(attempt);
    const { at, outcome, method, userId, workspaceId, ip, userAgent, captcha } = attempt;
    const timeMs = at.getTime();
    if (UNBOUNDED.has(outcome) && !this.#ofAnybody.take(timeMs)) return this.operators.unrecorded();
    this.entries.record({ timeMs, ...{ outcome, method, userId, workspaceId, ip, userAgent, captcha } });
  }
}
