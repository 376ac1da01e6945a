import { AppError } from '@latchkey/kernel';
import type { Captcha, CaptchaVendor } from './captcha';

/** What came with a request to sign in (S1-12). */
export interface CaptchaAnswer {
  readonly response: string | null;
  readonly vendor: CaptchaVendor | null;
  /** Means nothing from whoever is not trusted (C11). */
  readonly bypass: boolean;
}

/** Attempts that have failed, or are not decided yet. */
export interface Failures {
  readonly ofAccount: number;
  readonly ofAddress: number;
}

export interface CaptchaPolicy {
  /** `null`: there is none, and nobody is asked. */
  readonly captcha: Captcha | null;
  /** Whether a workload calls from there that may sign people in without one. */
  readonly isTrusted: (ip: string) => boolean;
}

/** A person mistypes; an office has many who do. */
const ASKED_AFTER: Failures = { ofAccount: 3, ofAddress: 20 };

export type CaptchaOutcome = 'not_asked' | 'passed' | 'bypassed';

/** Who must solve a captcha before the password is looked at. */
export class CaptchaGate {
  constructor(private readonly policy: CaptchaPolicy) {}

  /**
   * @throws AppError `auth.captcha_required`, which names the vendor, when it is asked for and was not solved; `service.unavailable` when
   * that cannot be told
   */
  async pass(answer: CaptchaAnswer, ip: string | undefined, failures: Failures): Promise<CaptchaOutcome> {
    const { captcha, isTrusted } = this.policy;
    if (captcha === null || !isAsked(failures)) return 'not_asked';
    if (answer.bypass && ip !== undefined && isTrusted(ip)) return 'bypassed';
    const { response } = answer;
    // A response is good for one vendor; it is not shown to another.
    const isSolved =
      response && (answer.vendor ?? captcha.vendor) === captcha.vendor && (await captcha.passes(response, ip));
    if (!isSolved) throw new AppError('auth.captcha_required', { details: { vendor: captcha.vendor } });
    return 'passed';
  }
}

const isAsked = ({ ofAccount, ofAddress }: Failures): boolean =>
  ofAccount >= ASKED_AFTER.ofAccount || ofAddress >= ASKED_AFTER.ofAddress;
