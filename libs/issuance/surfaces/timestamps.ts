/** RFC 3339 in UTC, exactly; fractions of a second only where there are some. */
export const exactTimestamp = (time: Date): string => time.toISOString().replace('.000Z', 'Z');

/** As in the S4E documents: whole seconds. */
export const secondsTimestamp = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
