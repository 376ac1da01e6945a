import {
  ALL_TOPICS,
  OWNERS,
  SUBJECT_OWNERS,
  TOPICS,
  type SubjectKind,
  type SubjectOwner,
  type Topic,
} from '@latchkey/contracts';

/** What a service may do at what it shares with others: whoever takes one over shall not have the others'. */
export interface Rights {
  /** The schema of Postgres that it owns. It has a role of its own, and sees no other schema. */
  readonly schema?: string;
  /** What it may do with keys of Redis. Any key may be named to its scripts, whose commands then need these rights. */
  readonly liveState?: readonly KeyRights[];
  /** Topics of Kafka that it writes. */
  readonly writes?: readonly Topic[];
  /** Topics of Kafka that it reads, by the group that reads them. */
  readonly reads?: Readonly<Record<string, readonly Topic[]>>;
}

export interface KeyRights {
  /** Patterns. `{p*}`: of every shard. */
  readonly keys: readonly string[];
  readonly commands: readonly string[];
}

const KINDS = Object.keys(SUBJECT_OWNERS) as readonly SubjectKind[];
const fenceOf = (owner: SubjectOwner) => `{p*}:fence:${owner}`;
const entriesOf = (kinds: readonly SubjectKind[]) => kinds.map((kind) => `{p*}:${kind}:*`);

/** An owner says how long its entries count, and puts markers in their place. */
const owning = (owner: SubjectOwner): readonly KeyRights[] => [
  { keys: [fenceOf(owner)], commands: ['get', 'set'] },
  { keys: entriesOf(KINDS.filter((kind) => SUBJECT_OWNERS[kind] === owner)), commands: ['getrange', 'set'] },
];

/** Who decides on what others fill in. */
const reading = (kinds: readonly SubjectKind[]): KeyRights => ({
  keys: entriesOf(kinds),
  commands: ['get', 'getrange'],
});

/**
 * Who decides reads, fills in what an owner has answered, and counts. It cannot keep an owner's entries alive, but what it fills in others
 * believe while that owner says so: whoever takes such a service over can have them believe what they like of these kinds.
 */
const deciding = (kinds: readonly SubjectKind[], windows: string): readonly KeyRights[] => [
  { keys: OWNERS.map(fenceOf), commands: ['get'] },
  { keys: entriesOf(kinds), commands: ['get', 'getrange', 'set'] },
  { keys: [`{p*}:window:${windows}`], commands: ['get', 'getrange', 'set', 'setrange', 'pexpire'] },
];

export type RightsTable = Readonly<Record<string, Rights>>;

/** By the names of services. A service that is not here shares nothing with the others. */
export const rights: RightsTable = {
  identity: {
    schema: 'identity',
    liveState: owning('identity'),
    writes: [TOPICS.identity, TOPICS.signIns],
    reads: { 'identity-key-notices': [TOPICS.keys] },
  },
  issuance: {
    schema: 'issuance',
    liveState: owning('issuance'),
    writes: [TOPICS.keys],
    reads: { 'issuance-last-used': [TOPICS.decisions] },
  },
  oauth: {
    schema: 'oauth',
    // It decides who gets a token: it reads what that depends on, fills in nothing but what is its own anyway, and counts nothing but tokens.
    liveState: [...owning('oauth'), ...deciding(['client'], 'tokens:*'), reading(['user', 'workspace', 'scope_set'])],
    writes: [TOPICS.oauth, TOPICS.accessTokens],
    reads: { 'oauth-last-used': [TOPICS.accessTokens] },
  },
  enforcement: { liveState: deciding(KINDS, '*'), writes: [TOPICS.decisions] },
  audit: { schema: 'audit', reads: { audit: ALL_TOPICS } },
};

/** By users. Letters and digits, so that no file quotes them. */
export type Passwords = Readonly<Record<string, string>>;

/** Who has all rights at Redis and Kafka. No service is given its password. */
export const OPERATOR = 'operator';
