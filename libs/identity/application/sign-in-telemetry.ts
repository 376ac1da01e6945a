import { recordedText } from '@latchkey/access';
import { SOURCES, TOPICS, type SignInEntry, type SignInEvent } from '@latchkey/contracts';
import { EachSecond } from '@latchkey/kernel';
import type { Entries, TelemetryKind } from '@latchkey/telemetry';
import type { SignInAttempt, SignInCounter, SignInOutcome, SignInRecord } from './sign-in-ports';

/** Of an object with a handful of members. */
const OBJECT_BYTES = 400;

/** The record of attempts to sign in, successful and failed (S2-15, S3-17). */
export const signInTelemetry: TelemetryKind<SignInEntry> = {
  name: 'sign_ins',
  source: SOURCES.identity,
  topic: TOPICS.signIns,
  bytesOf: ({ userAgent }) => OBJECT_BYTES + 2 * (userAgent?.length ?? 0),
  // As `RecordedSignIns` has made them.
  presentable: (entries) => entries,
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
    const { at, outcome, method, userId, workspaceId, ip, captcha } = attempt;
    const timeMs = at.getTime();
    if (UNBOUNDED.has(outcome) && !this.#ofAnybody.take(timeMs)) return this.operators.unrecorded();
    // At once: what is recorded waits in memory, and a user agent may be as long as all headers together.
    const userAgent = attempt.userAgent === null ? null : recordedText(attempt.userAgent);
    this.entries.record({ timeMs, ...{ outcome, method, userId, workspaceId, ip, userAgent, captcha } });
  }
}
