/**
 * Topics of the event stream, and the service that publishes to each. One source per topic, so positions have no gap; in `decisions`,
 * `signIns` and `accessTokens`, which are telemetry, each boot of a node is one.
 */
export const TOPICS = {
  keys: 'latchkey.keys.v1',
  identity: 'latchkey.identity.v1',
  oauth: 'latchkey.oauth.v1',
  decisions: 'latchkey.decisions.v1',
  signIns: 'latchkey.sign_ins.v1',
  accessTokens: 'latchkey.access_tokens.v1',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** What whoever reads everything subscribes to. */
export const ALL_TOPICS: readonly Topic[] = Object.values(TOPICS);

/** Telemetry: it comes in another amount than commands, and says who called from where, so nobody keeps it for ever. */
export const TELEMETRY_TOPICS: readonly Topic[] = [TOPICS.decisions, TOPICS.signIns, TOPICS.accessTokens];

/** CloudEvents `source` of each publishing service; of telemetry with a node and a boot behind it (`sourceOfNode`). */
export const SOURCES = {
  issuance: 'latchkey/issuance',
  identity: 'latchkey/identity',
  oauth: 'latchkey/oauth',
  enforcement: 'latchkey/enforcement',
} as const;

/** Source of what one boot of a node of the service tells. */
export const sourceOfNode = (service: string, node: string, boot: string): string => `${service}/${node}/${boot}`;

/** Null for the source of a service itself. */
export function nodeOfSource(source: string): { readonly node: string; readonly boot: string } | null {
  const [, node, boot] = NODE_SOURCE.exec(source) ?? [];
  return node && boot ? { node, boot } : null;
}

const NODE_SOURCE = new RegExp(`^(?:${SOURCES.enforcement}|${SOURCES.identity}|${SOURCES.oauth})/([^/]+)/([^/]+)$`);

/** Stands where an event that belongs to no workspace names one. No workspace has this id, so no tenant is shown such an event. */
export const INSTALLATION = 'installation';
