/** The only way to ask for the time outside the scripts of live state, which use Redis's own. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
