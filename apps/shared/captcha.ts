import { ipMatcher } from '@latchkey/access';
import { SiteVerifyCaptcha, type CaptchaPolicy, type CaptchaVendor } from '@latchkey/identity';
import type { Secret } from '@latchkey/kernel';
import { variables } from '@latchkey/platform';

/** Variables of a process where people sign in. */
export const captchaVariables = {
  CAPTCHA_VENDOR: variables.CAPTCHA_VENDOR.optional(),
  CAPTCHA_SECRET: variables.CAPTCHA_SECRET.optional(),
  CAPTCHA_VERIFY_URL: variables.CAPTCHA_VERIFY_URL.optional(),
  CAPTCHA_SCORE_MIN: variables.CAPTCHA_SCORE_MIN,
  CAPTCHA_BYPASS_FROM: variables.CAPTCHA_BYPASS_FROM,
};

export interface CaptchaConfig {
  readonly CAPTCHA_VENDOR?: CaptchaVendor | undefined;
  readonly CAPTCHA_SECRET?: Secret | undefined;
  readonly CAPTCHA_VERIFY_URL?: string | undefined;
  readonly CAPTCHA_SCORE_MIN: number;
  readonly CAPTCHA_BYPASS_FROM: readonly string[];
}

/** Rule of such a process: half a captcha is none, and whoever configured it thinks there is one. */
export function captchaIsWhole({ CAPTCHA_VENDOR: vendor, CAPTCHA_SECRET: secret }: CaptchaConfig): string | undefined {
  if (vendor && !secret) return 'CAPTCHA_SECRET: is required where CAPTCHA_VENDOR is given.';
  if (secret && !vendor) return 'CAPTCHA_VENDOR: is required where CAPTCHA_SECRET is given.';
  return undefined;
}

export function captchaPolicy(config: CaptchaConfig): CaptchaPolicy {
  const { CAPTCHA_VENDOR: vendor, CAPTCHA_SECRET: secret, CAPTCHA_VERIFY_URL: verifyUrl } = config;
  const captcha =
    vendor && secret ? new SiteVerifyCaptcha({ vendor, secret, verifyUrl, scoreMin: config.CAPTCHA_SCORE_MIN }) : null;
  return { captcha, isTrusted: ipMatcher(config.CAPTCHA_BYPASS_FROM) };
}
