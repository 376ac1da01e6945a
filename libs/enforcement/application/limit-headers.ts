import type { WindowState } from '@latchkey/live-state';

type Headers = Readonly<Record<string, string>>;

/** Lengths of the windows that plans have, in seconds. */
const WINDOW_SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60, day: 86_400 };

export const wholeSeconds = (ms: number): number => Math.max(0, Math.ceil(ms / 1_000));

/** The minute window, as Unix time (C27). A plan without one shows none. */
function minuteHeaders(windows: readonly WindowState[]): Headers {
  const minute = windows.find(({ name }) => name === 'minute');
  if (!minute) return {};
  return {
    'X-RateLimit-Limit': String(minute.limit),
    'X-RateLimit-Remaining': String(minute.remaining),
    'X-RateLimit-Reset': String(wholeSeconds(minute.resetAtMs)),
  };
}

/** `RateLimit-Policy` and `RateLimit`: structured fields (RFC 9651) of draft-ietf-httpapi-ratelimit-headers-10, one item per window. */
function fieldsOfTheDraft(windows: readonly WindowState[], nowMs: number): Headers {
  if (windows.length === 0) return {};
  const policy = ({ name, limit }: WindowState) => `"${name}";q=${limit};w=${WINDOW_SECONDS[name] ?? 0}`;
  const state = ({ name, remaining, resetAtMs }: WindowState) =>
    `"${name}";r=${remaining};t=${wholeSeconds(resetAtMs - nowMs)}`;
  return { 'RateLimit-Policy': windows.map(policy).join(', '), RateLimit: windows.map(state).join(', ') };
}

/** What the caller's limits look like after this call. None for a plan without limits. */
export const limitHeaders = (windows: readonly WindowState[], nowMs: number): Headers => ({
  ...minuteHeaders(windows),
  ...fieldsOfTheDraft(windows, nowMs),
});
