import {
  decisionsIn,
  INSTALLATION,
  tableOf,
  type AccessTokenEntry,
  type Decision,
  type DecisionTable,
  type SignInEntry,
} from '@latchkey/contracts';

/** What nodes tell of, each kind for itself. */
export const TELEMETRY_KINDS = ['decisions', 'sign_ins', 'access_tokens'] as const;
export type TelemetryKindName = (typeof TELEMETRY_KINDS)[number];

/** What every entry has. */
export interface TelemetryEntry {
  /** Unix ms. */
  readonly timeMs: number;
  readonly outcome: string;
}

/** How the entries of one kind are kept, and read again. */
export interface TelemetryKind<Entry extends TelemetryEntry> {
  readonly name: TelemetryKindName;
  /** Null for what is nobody's: the installation keeps it. */
  workspaceOf(this: void, entry: Entry): string | null;
  /** The user whom the entry is about, and with whom it is erased; null for none. */
  userOf(this: void, entry: Entry): string | null;
  /** Outcomes other than that somebody was kept out. */
  readonly harmless: ReadonlySet<string>;
  write(this: void, entries: readonly Entry[]): string;
  /** What `write` has written, by any version. */
  read(this: void, content: string): readonly Entry[];
}

export const decisionKind: TelemetryKind<Decision> = {
  name: 'decisions',
  workspaceOf: ({ secret }) => secret?.workspaceId ?? null,
  userOf: () => null,
  harmless: new Set(['allowed']),
  write: (entries) => JSON.stringify(tableOf(entries, 0)),
  read: (content) => decisionsIn(JSON.parse(content) as DecisionTable),
};

export const signInKind: TelemetryKind<SignInEntry> = {
  name: 'sign_ins',
  workspaceOf: ({ workspaceId }) => workspaceId,
  userOf: ({ userId }) => userId,
  harmless: new Set(['succeeded', 'second_factor_required']),
  write: (entries) => JSON.stringify(entries),
  read: (content) => JSON.parse(content) as readonly SignInEntry[],
};

export const accessTokenKind: TelemetryKind<AccessTokenEntry> = {
  name: 'access_tokens',
  workspaceOf: ({ workspaceId }) => workspaceId,
  userOf: () => null,
  harmless: new Set(['issued']),
  write: (entries) => JSON.stringify(entries),
  read: (content) => JSON.parse(content) as readonly AccessTokenEntry[],
};

/** Whether somebody was kept out. */
export const isDenied = <Entry extends TelemetryEntry>({ harmless }: TelemetryKind<Entry>, outcome: string): boolean =>
  !harmless.has(outcome);

/** What one batch says of one workspace, one user and one minute. It holds addresses, so it is kept under the workspace's key. */
export interface BatchPart {
  readonly workspaceId: string;
  /** Null for a type of event that this version does not know. */
  readonly kind: TelemetryKindName | null;
  readonly userId: string | null;
  readonly entries: number;
  /** Of these, those who were kept out. */
  readonly denied: number;
  /** Of the first and last entry, in one minute; null without any. */
  readonly span: TimeSpan | null;
  readonly content: string;
}

export interface TimeSpan {
  readonly first: Date;
  readonly last: Date;
}

const MINUTE_MS = 60_000;

/** Sorted by workspace, so that two batches take keys in one order. */
export function partsOf<Entry extends TelemetryEntry>(
  kind: TelemetryKind<Entry>,
  entries: readonly Entry[],
): BatchPart[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    // However long a node was held up: what lies in a minute is found by that minute.
    const minute = Math.floor(entry.timeMs / MINUTE_MS);
    const name = JSON.stringify([kind.workspaceOf(entry) ?? INSTALLATION, kind.userOf(entry), minute]);
    const known = groups.get(name);
    if (known) known.push(entry);
    else groups.set(name, [entry]);
  }
  return [...groups.values()]
    .flatMap((own) => partOf(kind, own) ?? [])
    .sort((a, b) => (a.workspaceId < b.workspaceId ? -1 : a.workspaceId > b.workspaceId ? 1 : 0));
}

function partOf<Entry extends TelemetryEntry>(kind: TelemetryKind<Entry>, own: readonly Entry[]): BatchPart | null {
  const [one] = own;
  if (one === undefined) return null;
  return {
    workspaceId: kind.workspaceOf(one) ?? INSTALLATION,
    kind: kind.name,
    userId: kind.userOf(one),
    entries: own.length,
    denied: own.filter(({ outcome }) => isDenied(kind, outcome)).length,
    span: spanOf(own),
    content: kind.write(own),
  };
}

export function spanOf(entries: readonly TelemetryEntry[]): TimeSpan | null {
  if (entries.length === 0) return null;
  const times = entries.map(({ timeMs }) => timeMs);
  const extreme = (pick: (a: number, b: number) => number) => new Date(times.reduce((a, b) => pick(a, b)));
  return { first: extreme(Math.min), last: extreme(Math.max) };
}
