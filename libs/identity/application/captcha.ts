export const CAPTCHA_VENDORS = ['googlev3', 'hcaptcha', 'turnstile'] as const;
export type CaptchaVendor = (typeof CAPTCHA_VENDORS)[number];

/** Tells people from programs, as far as anybody can. */
export interface Captcha {
  readonly vendor: CaptchaVendor;
  /**
   * Whether the vendor takes the one who signs in for a person.
   * @param response as the vendor's widget gave it out
   * @throws AppError `service.unavailable` when the vendor does not say: nobody passes then, or whoever can keep us from the vendor would be
   * rid of the captcha
   */
  passes(response: string, ip: string | undefined): Promise<boolean>;
}
