import { SessionUses } from '@latchkey/enforcement';
import type { SessionActivity } from '@latchkey/contracts';
import type { SessionTimes } from '@latchkey/identity';
import { variables, type Logger } from '@latchkey/platform';
import { logCalmly } from './calm';
import type { Resources } from './resources';

/** Variables of a process that opens sessions. */
export const sessionVariables = {
  LATCHKEY_SESSION_IDLE_MINUTES: variables.LATCHKEY_SESSION_IDLE_MINUTES,
  LATCHKEY_SESSION_LIFE_HOURS: variables.LATCHKEY_SESSION_LIFE_HOURS,
  LATCHKEY_SESSION_REFRESH_SECONDS: variables.LATCHKEY_SESSION_REFRESH_SECONDS,
};

export interface SessionConfig {
  readonly LATCHKEY_SESSION_IDLE_MINUTES: number;
  readonly LATCHKEY_SESSION_LIFE_HOURS: number;
  readonly LATCHKEY_SESSION_REFRESH_SECONDS: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const sessionTimes = (config: SessionConfig): SessionTimes => ({
  idleMs: config.LATCHKEY_SESSION_IDLE_MINUTES * MINUTE_MS,
  lifeMs: config.LATCHKEY_SESSION_LIFE_HOURS * HOUR_MS,
  refreshLeastMs: config.LATCHKEY_SESSION_REFRESH_SECONDS * 1_000,
});

const TELL_EVERY_MS = 1_000;

/** Which sessions were used, as this process sees it; identity is told every second. */
export function startSessionUses(resources: Resources, activity: SessionActivity, logger: Logger): SessionUses {
  const uses = new SessionUses(activity, logCalmly(logger, 'warn', 'identity was not told which sessions were used'));
  const telling = setInterval(() => void uses.tell(), TELL_EVERY_MS).unref();
  resources.keep(telling, clearInterval);
  return uses;
}
