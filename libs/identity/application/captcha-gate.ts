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

/** Answers that the vendor is asked about at once, at each process. */
const CHECKS_MAX = 32;
const RETRY_AFTER_SECONDS = 5;

/** A captcha is asked for, and was not solved. */
export class CaptchaRequired extends AppError {
  constructor(
    vendor: CaptchaVendor,
    /** The vendor was asked about an answer, and found it wrong: that costs something, here and there. */
    readonly wasChecked: boolean,
  ) {
    super('auth.captcha_required', { details: { vendor } });
  }
}

export type CaptchaOutcome = 'not_asked' | 'passed' | 'bypassed';

/** Who must solve a captcha before the password is looked at. */
export class CaptchaGate {
  #checks = 0;

  constructor(private readonly policy: CaptchaPolicy) {}

  /**
   * @throws CaptchaRequired, which names the vendor, when it is asked for and was not solved; AppError `service.unavailable` when that cannot
   * be told, or too many are being checked
   */
  async pass(answer: CaptchaAnswer, ip: string | undefined, failures: Failures): Promise<CaptchaOutcome> {
    const { captcha, isTrusted } = this.policy;
    if (captcha === null || !isAsked(failures)) return 'not_asked';
    if (answer.bypass && ip !== undefined && isTrusted(ip)) return 'bypassed';
    const { response } = answer;
    // A response is good for one vendor; it is not shown to another.
    const isForVendor = (answer.vendor ?? captcha.vendor) === captcha.vendor;
    if (!response || !isForVendor) throw new CaptchaRequired(captcha.vendor, false);
    if (!(await this.#check(captcha, response, ip))) throw new CaptchaRequired(captcha.vendor, true);
    return 'passed';
  }

  async #check(captcha: Captcha, response: string, ip: string | undefined): Promise<boolean> {
    if (this.#checks >= CHECKS_MAX) {
      throw new AppError('service.unavailable', {
        internal: `${CHECKS_MAX} captchas are being checked`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#checks += 1;
    try {
      return await captcha.passes(response, ip);
    } finally {
      this.#checks -= 1;
    }
  }
}

const isAsked = ({ ofAccount, ofAddress }: Failures): boolean =>
  ofAccount >= ASKED_AFTER.ofAccount || ofAddress >= ASKED_AFTER.ofAddress;
