/** Topics of the event stream, and the service that publishes to each. One source per topic, so positions have no gap. */
export const TOPICS = {
  keys: 'latchkey.keys.v1',
  identity: 'latchkey.identity.v1',
  oauth: 'latchkey.oauth.v1',
  decisions: 'latchkey.decisions.v1',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** Topics that have a publisher: what whoever reads everything subscribes to. */
export const PUBLISHED_TOPICS: readonly Topic[] = [TOPICS.keys, TOPICS.identity];

/** CloudEvents `source` of each publishing service. */
export const SOURCES = {
  issuance: 'latchkey/issuance',
  identity: 'latchkey/identity',
} as const;
