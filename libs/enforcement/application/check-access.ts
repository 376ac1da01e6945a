import { isCurrentToken } from '@latchkey/access';
import {
  isSessionRef,
  type CheckedRef,
  type CheckRequest,
  type CheckResult,
  type DenialReason,
} from '@latchkey/contracts';
import { isAppError, type Clock } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import { accessQuery } from './access-query';
import { shareOf, UNRESTRICTED, type AdmittedCaller } from './callers';
import { refused, resultOf } from './check-result';
import type { ActivityNotes, DecisionCounter, DecisionRecord } from './ports';
import type { PresentedCredentials } from './presented-credentials';
import { decisionOf } from './recorded-decision';

export interface CheckAccessParts {
  readonly credentials: Pick<PresentedCredentials, 'find'>;
  readonly liveAccess: LiveAccess;
  readonly clock: Clock;
  readonly decisions: DecisionCounter;
  /** Absent: decisions are counted only. */
  readonly record?: DecisionRecord | undefined;
  /** Absent: sessions end as if nobody used them. */
  readonly activity?: ActivityNotes | undefined;
  /** Told of failures that nobody expects; the check itself answers `unavailable`. */
  readonly onError: (error: unknown) => void;
}

/** An answer, and whose credential it is about as far as that is known, whatever the answer says. */
interface Answered {
  readonly result: CheckResult;
  readonly credential: CheckedRef | null;
}

/**
 * The check (design: the check). Whatever goes wrong, the answer is a value, and never an allow.
 */
export class CheckAccess {
  constructor(private readonly parts: CheckAccessParts) {}

  /** For this process's own guard. What others ask goes through `checkFor`. */
  check(request: CheckRequest): Promise<CheckResult> {
    return this.checkFor(UNRESTRICTED, request);
  }

  /** What a caller asks who is restricted to a workspace: credentials of all others do not exist for it. */
  async checkFor(caller: AdmittedCaller, request: CheckRequest): Promise<CheckResult> {
    const { result, credential } = await this.answer(caller, request);
    this.parts.decisions.count(result.reason ?? 'allowed');
    this.parts.record?.record(decisionOf(request, result, credential, caller.caller));
    return result;
  }

  private async answer(caller: AdmittedCaller, request: CheckRequest): Promise<Answered> {
    try {
      return await this.decide(caller, request);
    } catch (error) {
      // An owner that cannot be asked is an everyday outcome; anything else is a fault of ours.
      if (!isAppError(error, 'service.unavailable')) this.parts.onError(error);
      return this.refused('unavailable', 'owner');
    }
  }

  private async decide(asker: AdmittedCaller, request: CheckRequest): Promise<Answered> {
    if (request.credential === '') return this.refused('missing', 'memory');
    const { workspaceId } = asker;
    const credential = await this.parts.credentials.find(request.credential, shareOf(asker));
    if (credential === 'unreadable') return this.refused('unknown', 'memory');
    if (credential === 'unknown') return this.refused('unknown', 'owner');
    if (workspaceId !== null && credential.workspaceId !== workspaceId) {
      return this.refused('unknown', 'owner', isSessionRef(credential) ? null : credential);
    }
    return this.decideFor(credential, request);
  }

  private async decideFor(credential: CheckedRef, request: CheckRequest): Promise<Answered> {
    const outcome = await this.parts.liveAccess.decide(accessQuery(credential, request));
    if (!isSessionRef(credential)) {
      return outcome.kind === 'unavailable'
        ? this.refused('unavailable', 'owner', credential)
        : { result: resultOf(outcome, credential), credential };
    }
    if (outcome.kind === 'unavailable') return this.refused('unavailable', 'owner');
    const result = resultOf(outcome, credential);
    // Whoever only looks at a session does not use it.
    if (result.allowed && request.cost !== 0) this.parts.activity?.note(credential.sessionId, outcome.nowMs);
    // Whose any other token is it alone has said, and it may say anything: such as an old number, as if it had been traded in.
    return { result, credential: isCurrentToken(credential, outcome.subjects) ? credential : null };
  }

  private refused(reason: DenialReason, via: CheckResult['via'], credential: CheckedRef | null = null): Answered {
    return { result: refused(reason, this.parts.clock.now().getTime(), via), credential };
  }
}
