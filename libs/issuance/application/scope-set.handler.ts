import { readScopes, type Profile } from '@latchkey/access';
import { AppError, scopeSetId, type Clock, type IdSource } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ScopeSetChanges, ScopeSetCommand } from '../domain/scope-set/commands';
import { decideScopeSet } from '../domain/scope-set/decide';
import type { LiveScopeSet, ScopeSetState } from '../domain/scope-set/scope-set';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import type { ReadScopeSetsQuery } from './read-scope-sets.query';
import type { ScopeSets, ScopeSetWrite, WrittenScopeSet } from './scope-set-ports';

export interface CreateScopeSetRequest {
  readonly name: string;
  readonly description: string;
  /** In any spelling of the workspace's profile. */
  readonly scopes: readonly string[];
}

/** Fields that are absent stay as they are. */
export interface ChangeScopeSetRequest {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** What becomes of scope sets. */
export class ScopeSetHandler {
  constructor(
    private readonly sets: ScopeSets,
    private readonly query: ReadScopeSetsQuery,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Nothing has to be settled: no node can know a set that there was not.
   * @throws AppError `scope_set.unknown_scope`; what `Grantors.of`, `decideScopeSet` and `ScopeSets.write` throw
   */
  async create({ name, description, scopes }: CreateScopeSetRequest, caller: Caller): Promise<LiveScopeSet> {
    const { profile, grant, hold } = await this.grantors.of(caller);
    const id = scopeSetId(this.ids.next());
    const now = this.clock.now();
    const command: ScopeSetCommand = {
      ...{ type: 'CreateScopeSet', scopeSetId: id, workspaceId: caller.workspaceId, name, description },
      ...{ scopes: scopesIn(profile, scopes), grantor: { profile, grant }, now },
    };
    const { set } = await this.sets.write({ ...this.#write(id, command, caller, now), ...hold });
    return live(set);
  }

  /**
   * When it resolves, no node gives anybody who carries the set more than it holds now.
   * @throws AppError `scope_set.not_found`; as `create`
   */
  async change(id: string, request: ChangeScopeSetRequest, caller: Caller): Promise<LiveScopeSet> {
    const { scopeSetId: found } = await this.query.one(caller.workspaceId, id);
    const { profile, grant, hold } = await this.grantors.of(caller);
    const now = this.clock.now();
    const { name, description, scopes } = request;
    const changes: ScopeSetChanges = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(scopes && { scopes: scopesIn(profile, scopes) }),
    };
    const command: ScopeSetCommand = { type: 'ChangeScopeSet', changes, grantor: { profile, grant }, now };
    const written = await this.sets.write({ ...this.#write(found, command, caller, now), ...hold });
    return live(await this.#settled(written));
  }

  /**
   * When it resolves, nobody has anything by the set any more: not after a second request either, which finds it deleted. Whatever carries it
   * keeps what it has besides.
   * @throws AppError `scope_set.not_found`
   */
  async delete(id: string, caller: Caller): Promise<void> {
    const now = this.clock.now();
    const command: ScopeSetCommand = { type: 'DeleteScopeSet', workspaceId: caller.workspaceId, now };
    await this.#settled(await this.sets.write(this.#write(scopeSetId(id), command, caller, now)));
  }

  #write(id: ScopeSetWrite['scopeSetId'], command: ScopeSetCommand, caller: Caller, now: Date): ScopeSetWrite {
    return { scopeSetId: id, decide: (state) => decideScopeSet(command, state), meta: metaOf(caller, now) };
  }

  async #settled({ set, changed }: WrittenScopeSet): Promise<WrittenScopeSet['set']> {
    await this.settlement.settle([changed]);
    return set;
  }
}

const scopesIn = (profile: Profile, texts: readonly string[]) => readScopes(profile, texts, 'scope_set.unknown_scope');

function live(set: ScopeSetState): LiveScopeSet {
  if (set.status !== 'Live') throw new AppError('scope_set.not_found');
  return set;
}
