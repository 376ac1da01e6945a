import { maskKeys } from '@latchkey/access';
import { SOURCES, TOPICS, type SignInEntry, type SignInEvent } from '@latchkey/contracts';
import type { Entries, TelemetryKind } from '@latchkey/telemetry';
import type { SignInAttempt, SignInRecord } from './sign-in-ports';

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

/** Tells the audit of each attempt, and whoever operates the service. */
export class RecordedSignIns implements SignInRecord {
  constructor(
    private readonly entries: Entries<SignInEntry>,
    private readonly operators: SignInRecord,
  ) {}

  record(attempt: SignInAttempt): void {
    this.operators.record(attempt);
    const { at, outcome, method, userId, workspaceId, ip, userAgent, captcha } = attempt;
    this.entries.record({
      timeMs: at.getTime(),
      ...{ outcome, method, userId, workspaceId, ip, userAgent, captcha },
    });
  }
}
