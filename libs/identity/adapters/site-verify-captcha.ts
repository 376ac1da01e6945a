import { AppError, type Secret } from '@latchkey/kernel';
import { z } from 'zod';
import type { Captcha, CaptchaVendor } from '../application/captcha';

export interface CaptchaOptions {
  readonly vendor: CaptchaVendor;
  readonly secret: Secret;
  /** The vendor's own when absent. */
  readonly verifyUrl?: string | undefined;
  /** From 0, surely a program, to 1. Only `googlev3` gives scores. */
  readonly scoreMin: number;
  /** 5,000 ms when absent. */
  readonly timeoutMs?: number;
}

/** What the page must have asked the widget for. */
const ACTION = 'login';
const TIMEOUT_MS = 5_000;

/** All three vendors answer in one form, which Google's `siteverify` began. */
const answer = z.object({
  success: z.boolean(),
  score: z.number().optional(),
  action: z.string().optional(),
  'error-codes': z.array(z.string()).default([]),
});
type Answer = z.output<typeof answer>;

interface Vendor {
  readonly verifyUrl: string;
  isPerson(answer: Answer, scoreMin: number): boolean;
}

const VENDORS: Readonly<Record<CaptchaVendor, Vendor>> = {
  googlev3: {
    verifyUrl: 'https://www.google.com/recaptcha/api/siteverify',
    isPerson: ({ score = 0, action }, scoreMin) => score >= scoreMin && action === ACTION,
  },
  hcaptcha: { verifyUrl: 'https://api.hcaptcha.com/siteverify', isPerson: () => true },
  turnstile: {
    verifyUrl: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    // A widget that names no action is usual there.
    isPerson: ({ action = '' }) => action === '' || action === ACTION,
  },
};

/** Not about the one who signs in: the vendor does not know us, or has trouble of its own. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'missing-input-secret',
  'invalid-input-secret',
  'sitekey-secret-mismatch',
  'bad-request',
  'internal-error',
]);

/** Asks the vendor's verify endpoint. */
export class SiteVerifyCaptcha implements Captcha {
  readonly vendor: CaptchaVendor;

  constructor(private readonly options: CaptchaOptions) {
    this.vendor = options.vendor;
  }

  async passes(response: string, ip: string | undefined): Promise<boolean> {
    const said = await this.#ask(response, ip);
    const fault = said['error-codes'].find((code) => OUR_FAULT.has(code));
    if (!said.success && fault !== undefined) throw this.#unavailable(`it answered ${fault}`);
    return said.success && VENDORS[this.vendor].isPerson(said, this.options.scoreMin);
  }

  async #ask(response: string, ip: string | undefined): Promise<Answer> {
    const { secret, verifyUrl = VENDORS[this.vendor].verifyUrl, timeoutMs = TIMEOUT_MS } = this.options;
    const form = { secret: secret.reveal(), response, ...(ip !== undefined && { remoteip: ip }) };
    try {
      const reply = await fetch(verifyUrl, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      return answer.parse(await reply.json());
    } catch (error) {
      throw this.#unavailable('it cannot be asked', error);
    }
  }

  #unavailable(why: string, cause?: unknown): AppError {
    return new AppError('service.unavailable', {
      internal: `captcha of ${this.vendor}: ${why}`,
      retryAfterSeconds: 5,
      cause,
    });
  }
}
