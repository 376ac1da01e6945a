import { Secret } from '@latchkey/kernel';
import { Secret as Seed, TOTP } from 'otpauth';
import type { TotpCodes } from '../application/mfa-ports';
import { ONE_TIME_CODE_DIGITS } from '../domain/second-factor/codes';

const SEED_BYTES = 20;
const ISSUER = 'Latchkey';
const PERIOD_SECONDS = 30;
/** Steps before and after, as RFC 6238 §5.2 recommends. */
const WINDOW = 1;

const totp = (seed: Secret, label = ''): TOTP =>
  new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: ONE_TIME_CODE_DIGITS,
    period: PERIOD_SECONDS,
    secret: Seed.fromBase32(seed.reveal()),
  });

export class OtpauthTotp implements TotpCodes {
  newSeed(): Secret {
    return new Secret(new Seed({ size: SEED_BYTES }).base32);
  }

  uriOf(seed: Secret, account: string): Secret {
    return new Secret(totp(seed, account).toString());
  }

  stepOf(seed: Secret, code: Secret, now: Date): number | null {
    const timestamp = now.getTime();
    const delta = totp(seed).validate({ token: code.reveal(), timestamp, window: WINDOW });
    return delta === null ? null : TOTP.counter({ period: PERIOD_SECONDS, timestamp }) + delta;
  }
}
