/**
 * Topics of the event stream, and the service that publishes to each. One source per topic, so positions have no gap; in `decisions` each
 * boot of a node is one.
 */
export const TOPICS = {
  keys: 'latchkey.keys.v1',
  identity: 'latchkey.identity.v1',
  oauth: 'latchkey.oauth.v1',
  decisions: 'latchkey.decisions.v1',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** Topics that have a publisher: what whoever reads everything subscribes to. */
export const PUBLISHED_TOPICS: readonly Topic[] = [TOPICS.keys, TOPICS.identity, TOPICS.decisions];

/** CloudEvents `source` of each publishing service. */
export const SOURCES = {
  issuance: 'latchkey/issuance',
  identity: 'latchkey/identity',
  /** With a node and a boot behind it: `sourceOfNode`. */
  enforcement: 'latchkey/enforcement',
} as const;

/** Source of what one boot of a node has decided. */
export const sourceOfNode = (node: string, boot: string): string => `${SOURCES.enforcement}/${node}/${boot}`;

/** Null for the source of a service. */
export function nodeOfSource(source: string): { readonly node: string; readonly boot: string } | null {
  const [node, boot, ...rest] = source.startsWith(`${SOURCES.enforcement}/`)
    ? source.slice(SOURCES.enforcement.length + 1).split('/')
    : [];
  return node && boot && rest.length === 0 ? { node, boot } : null;
}

/** Stands where an event that belongs to no workspace names one. No workspace has this id, so no tenant is shown such an event. */
export const INSTALLATION = 'installation';
