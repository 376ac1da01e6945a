/** As in the S4E documents: whole seconds. */
export const secondsTimestamp = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
