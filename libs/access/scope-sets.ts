import type { SubjectReader } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { setRefs } from './decision/members';

/** Canonical scopes of scope sets, by id. Of a set that was deleted, or is not the workspace's, there are none. */
export type SetScopes = ReadonlyMap<string, readonly string[]>;

export interface KnownScopeSet {
  readonly id: string;
  /** Of its subject: it counts every change. */
  readonly version: number;
  /** As in `SetScopes`. */
  readonly scopes: readonly string[];
}

/** What is written in other characters is no id: it is not there, and not every owner could look for it. */
const ID = /^[\w-]{1,100}$/;

/** As their owner has them now, each once. @throws AppError `service.unavailable` */
export async function scopeSetsOf(
  reader: SubjectReader,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly KnownScopeSet[]> {
  const asked = [...new Set(ids)].filter((id) => ID.test(id));
  if (asked.length === 0) return [];
  const found = await reader.read('issuance', setRefs(asked));
  return found.map(({ id, version, body }) => {
    const isThere = body?.kind === 'scope_set' && body.workspaceId === workspaceId;
    return { id, version, scopes: isThere ? body.scopes : [] };
  });
}

export const scopesOfSets = (sets: readonly KnownScopeSet[]): SetScopes =>
  new Map(sets.map(({ id, scopes }) => [id, scopes]));

/**
 * The scope sets that a request wants attached, each once.
 * @param carried those that are there already: one that has been deleted since may stay among the others
 * @throws AppError `scope_set.unknown` with `scope_sets.<n>` as its field
 */
export function readScopeSets(
  asked: readonly string[],
  carried: readonly string[],
  sets: SetScopes,
): readonly string[] {
  for (const [index, id] of asked.entries()) {
    if (carried.includes(id) || (sets.get(id) ?? []).length > 0) continue;
    throw new AppError('scope_set.unknown', {
      field: `scope_sets.${index}`,
      public: `There is no scope set ${JSON.stringify(id)}.`,
    });
  }
  return [...new Set(asked)];
}

/**
 * What somebody has by scopes of their own and by scope sets.
 * @throws AppError `stream.version_conflict` where it is not known what one of the sets holds: it came in between
 */
export function scopesWithSets(
  scopes: readonly string[],
  scopeSetIds: readonly string[],
  sets: SetScopes,
): readonly string[] {
  const ofSets = scopeSetIds.flatMap((id) => {
    const held = sets.get(id);
    if (held === undefined) throw new AppError('stream.version_conflict', { internal: `scope set ${id} is not known` });
    return held;
  });
  return [...scopes, ...ofSets];
}
