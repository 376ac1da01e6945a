/** What an adapter did, counted from its start; metrics read it. */
export class LiveStateCounters {
  /** Checks answered from live state alone. */
  hits = 0;
  /** Calls to owners, and the subjects asked for in them. */
  asks = 0;
  subjectsAsked = 0;
  asksFailed = 0;
  fills = 0;
  fillsRefused = 0;
  /** Script calls that failed or timed out. */
  redisFailures = 0;
  unavailable = 0;
}
