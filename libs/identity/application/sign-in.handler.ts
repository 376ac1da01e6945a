import { AppError, isAppError, type Clock, type ErrorCode, type RequestId, type Secret } from '@latchkey/kernel';
import type { EmailAddress } from '../domain/email-address';
import type { ActiveUser } from '../domain/user/user';
import { workspaceToEnter, type Entry } from '../domain/user/workspace-to-enter';
import type { AccountLocks } from './account-locks';
import type { CaptchaAnswer, CaptchaGate, CaptchaOutcome } from './captcha-gate';
import { NOBODY, type PasswordCheck, type PasswordCheckResult } from './password-check';
import type { Contact, Contacts, Users } from './ports';
import type { Seen, SessionGrant, Sessions } from './session-ports';
import type { MfaChallenge, MfaChallenges, SignInOutcome, SignInRecord } from './sign-in-ports';

export interface SignIn {
  readonly email: EmailAddress;
  readonly password: Secret;
  readonly captcha: CaptchaAnswer;
  readonly seen: Seen;
  readonly requestId: RequestId;
  readonly signal?: AbortSignal | undefined;
}

export interface SignedInUser {
  readonly contact: Contact;
  readonly entry: Entry;
}

export interface SignedInWithSession extends SignedInUser {
  readonly session: SessionGrant;
}

export type SignedIn =
  | (SignedInWithSession & { readonly kind: 'signed_in' })
  | { readonly kind: 'mfa_required'; readonly challenge: MfaChallenge };

/** Somebody who could sign in, with the right password. */
interface Candidate extends SignedInUser {
  readonly user: ActiveUser;
}

interface Found {
  readonly contact: Contact | null;
  readonly candidate: Candidate | null;
}

/** For the record, beside what the caller is told. */
const OUTCOME_OF: Partial<Record<ErrorCode, SignInOutcome>> = {
  'auth.rate_limited': 'rate_limited',
  'auth.captcha_required': 'captcha_required',
};

/**
 * Signs a user in with e-mail address and password. Whoever cannot be signed in is told the same, after the same work, whether there is no
 * such account, it has no role anywhere, or the password is another one.
 */
export class SignInHandler {
  constructor(
    private readonly contacts: Contacts,
    private readonly users: Users,
    private readonly passwords: PasswordCheck,
    private readonly gate: CaptchaGate,
    private readonly locks: AccountLocks,
    private readonly sessions: Sessions,
    private readonly challenges: MfaChallenges,
    private readonly telemetry: SignInRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws AppError `auth.unauthorized`; `auth.captcha_required`; `auth.rate_limited`; `service.unavailable`
   */
  async execute(request: SignIn): Promise<SignedIn> {
    let found: Found = { contact: null, candidate: null };
    let captcha: CaptchaOutcome = 'not_asked';
    const note = (outcome: SignInOutcome) => this.#record(request, found, outcome, captcha);
    try {
      const result = await this.passwords.check({
        account: request.email.canonical,
        whose: async () => {
          found = await this.#find(request.email);
          return found.candidate?.user.userId ?? null;
        },
        password: request.password,
        ip: request.seen.ip ?? undefined,
        signal: request.signal,
        admit: async (failures) => {
          captcha = await this.gate.pass(request.captcha, request.seen.ip ?? undefined, failures);
        },
      });
      if (!result.isRight || !found.candidate) {
        this.#noteLock(request, found, result);
        throw refused();
      }
      const signedIn = await this.#enter(request, found.candidate);
      note(signedIn.kind === 'signed_in' ? 'succeeded' : 'second_factor_required');
      return signedIn;
    } catch (error) {
      note(outcomeOf(error, found));
      throw error;
    }
  }

  /** As many questions for somebody who is not there as for somebody who is. */
  async #find(email: EmailAddress): Promise<Found> {
    const contact = await this.contacts.byEmail(email);
    const user = await this.users.load(contact?.userId ?? NOBODY);
    const entry = workspaceToEnter(user, contact?.lastWorkspaceId ?? null);
    if (!contact || !entry || user.status !== 'Active') return { contact, candidate: null };
    return { contact, candidate: { contact, user, entry } };
  }

  async #enter({ seen, requestId }: SignIn, { contact, user, entry }: Candidate): Promise<SignedIn> {
    const { workspaceId } = entry;
    if (user.mfa.length === 0) {
      const opening = this.sessions.open({ user, workspaceId, secondFactor: false, seen, requestId });
      return { kind: 'signed_in', contact, entry, session: await opening.catch(overtaken) };
    }
    return { kind: 'mfa_required', challenge: await this.challenges.begin({ user, workspaceId, seen, requestId }) };
  }

  #noteLock({ requestId }: SignIn, { candidate }: Found, result: PasswordCheckResult): void {
    if (!candidate || result.isRight || !result.lockedUntil) return;
    const { user, entry } = candidate;
    this.locks.note({ userId: user.userId, workspaceId: entry.workspaceId, until: result.lockedUntil, requestId });
  }

  #record({ seen }: SignIn, { contact, candidate }: Found, outcome: SignInOutcome, captcha: CaptchaOutcome): void {
    this.telemetry.record({
      outcome,
      userId: contact?.userId ?? null,
      workspaceId: candidate?.entry.workspaceId ?? null,
      ...seen,
      at: this.clock.now(),
      method: 'password',
      captcha,
    });
  }
}

const refused = (cause?: unknown) =>
  new AppError('auth.unauthorized', { public: 'Wrong e-mail address or password.', cause });

/** The password was right a moment ago, or the role was there. */
function overtaken(error: unknown): never {
  throw isAppError(error, 'session.ended') || isAppError(error, 'member.not_found') ? refused(error) : error;
}

function outcomeOf(error: unknown, { contact, candidate }: Found): SignInOutcome {
  if (!isAppError(error)) return 'unavailable';
  if (error.code !== 'auth.unauthorized') return OUTCOME_OF[error.code] ?? 'unavailable';
  if (candidate) return 'wrong_password';
  return contact ? 'no_workspace' : 'no_such_account';
}
