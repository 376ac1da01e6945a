import { AppError, errorCatalogue, isAppError, type Clock, type RequestId } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { UserCommand } from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import type { ActiveUser } from '../domain/user/user';
import { workspaceToEnter } from '../domain/user/workspace-to-enter';
import type { MfaChallengeStore, PendingChallenge } from './mfa-ports';
import type { Contacts, Transaction, Users } from './ports';
import type { SecondFactorAttempts } from './second-factor-attempts';
import type { SecondFactorCheck, ShownCode, UseCode } from './second-factor-check';
import type { Seen, SessionGrant, Sessions } from './session-ports';
import type { SignInOutcome, SignInRecord } from './sign-in-ports';
import type { SignedInUser, SignedInWithSession } from './sign-in.handler';

export interface MfaAnswer extends ShownCode {
  readonly seen: Seen;
  readonly requestId: RequestId;
}

/** A challenge that can still be answered, and by whom. */
interface Open extends SignedInUser {
  readonly challenge: PendingChallenge;
  readonly user: ActiveUser;
}

export interface VerifyMfaParts {
  readonly challenges: MfaChallengeStore;
  readonly users: Users;
  readonly contacts: Contacts;
  readonly attempts: SecondFactorAttempts;
  readonly check: SecondFactorCheck;
  readonly sessions: Sessions;
  readonly settlement: Settlement;
  readonly record: SignInRecord;
  readonly clock: Clock;
}

/**
 * Opens a session for who has shown the password, and now a second factor (S2-11). An attempt is taken from the challenge and from the
 * user's budgets before the code is looked at; a code, and the challenge, are used up with the session that they open, so that of many at
 * once one succeeds.
 */
export class VerifyMfaHandler {
  constructor(private readonly parts: VerifyMfaParts) {}

  /** @throws AppError `auth.unauthorized` for a wrong code, or one that was used before; `mfa.challenge_ended`; `auth.rate_limited` */
  async execute(answer: MfaAnswer): Promise<SignedInWithSession> {
    const { clock, challenges } = this.parts;
    const challenge = await challenges.find(answer.token, clock.now());
    try {
      const open = challenge && (await this.#open(challenge));
      if (!open || !(await challenges.charge(answer.token, clock.now()))) throw new AppError('mfa.challenge_ended');
      const session = await this.#attempt(answer, open);
      this.#record(answer, challenge, 'succeeded');
      return { contact: open.contact, entry: open.entry, session };
    } catch (error) {
      this.#record(answer, challenge, outcomeOf(error));
      throw error;
    }
  }

  /** `null`: the user's sessions were ended since, and the challenge with them, or the user may do nothing there any more. */
  async #open(challenge: PendingChallenge): Promise<Open | null> {
    const user = await this.parts.users.load(challenge.userId);
    const contact = await this.parts.contacts.find(challenge.userId);
    const entry = workspaceToEnter(user, challenge.workspaceId);
    if (user.status !== 'Active' || user.sessionGeneration !== challenge.generation) return null;
    return contact && entry?.workspaceId === challenge.workspaceId ? { challenge, user, contact, entry } : null;
  }

  async #attempt(answer: MfaAnswer, open: Open): Promise<SessionGrant> {
    const { userId, workspaceId } = open.challenge;
    const { seen, requestId } = answer;
    const attempt = { userId, workspaceId, ip: seen.ip, requestId };
    const session = await this.parts.attempts.decide(attempt, async () => {
      const use = await this.parts.check.check(open.challenge, answer, this.parts.clock.now());
      return use && this.#redeem(answer, open, use).catch(nullIfUsed);
    });
    if (session === null) throw new AppError('auth.unauthorized', { public: errorCatalogue['mfa.wrong_code'] });
    return session;
  }

  async #redeem(answer: MfaAnswer, open: Open, use: UseCode): Promise<SessionGrant> {
    const { workspaceId } = open.challenge;
    const { seen, requestId } = answer;
    const within = (tx: Transaction) => this.#useUp(tx, answer, use);
    const session = { user: open.user, workspaceId, secondFactor: true, seen, requestId };
    const noted = changesOf(answer, open.user, this.parts.clock.now());
    if (noted.length === 0) return this.parts.sessions.open({ ...session, within }).catch(overtaken);
    // What is in the user's history is another transaction, which must come first.
    await this.#note(noted, open, requestId, within);
    return this.parts.sessions.open(session).catch(overtaken);
  }

  async #useUp(tx: Transaction, { token }: MfaAnswer, use: UseCode): Promise<void> {
    if (!(await this.parts.challenges.use(tx, token))) throw new AppError('mfa.challenge_ended');
    if (!(await use(tx))) throw new AppError('mfa.wrong_code');
  }

  async #note(
    commands: readonly UserCommand[],
    { challenge, user }: Open,
    requestId: RequestId,
    within: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    const now = this.parts.clock.now();
    const { workspaceId } = challenge;
    const { changed } = await this.parts.users.write({
      userId: user.userId,
      decide: (state) => decideInTurn(commands, state),
      meta: { actorId: user.userId, workspaceId, requestId, at: now },
      within,
    });
    await this.parts.settlement.settle([changed]);
  }

  #record({ seen, method }: MfaAnswer, challenge: PendingChallenge | null, outcome: SignInOutcome): void {
    this.parts.record.record({
      outcome,
      userId: challenge?.userId ?? null,
      workspaceId: challenge?.workspaceId ?? null,
      ...seen,
      at: this.parts.clock.now(),
      method,
      captcha: 'not_asked',
    });
  }
}

/** What becomes of the user by a right code: how many recovery codes are left, and that mailed codes are as good as before. */
function changesOf({ method }: MfaAnswer, user: ActiveUser, now: Date): readonly UserCommand[] {
  const { mailedCodesSuspended, sessionGeneration: generation } = user;
  return [
    ...(method === 'recovery_code' ? [{ type: 'UseRecoveryCode', now } as const] : []),
    ...(mailedCodesSuspended ? [{ type: 'RestoreMailedCodes', generation, now } as const] : []),
  ];
}

/** Right, but somebody was faster with it: as good as a wrong one. */
function nullIfUsed(error: unknown): null {
  if (isAppError(error, 'mfa.wrong_code') || isAppError(error, 'mfa.no_recovery_code')) return null;
  throw error;
}

/** The password was changed a moment ago, or the role was taken away. */
function overtaken(error: unknown): never {
  const isOver = isAppError(error, 'session.ended') || isAppError(error, 'member.not_found');
  throw isOver ? new AppError('mfa.challenge_ended', { cause: error }) : error;
}

function outcomeOf(error: unknown): SignInOutcome {
  if (isAppError(error, 'auth.unauthorized')) return 'wrong_code';
  if (isAppError(error, 'auth.rate_limited')) return 'rate_limited';
  return isAppError(error, 'mfa.challenge_ended') ? 'challenge_ended' : 'unavailable';
}
