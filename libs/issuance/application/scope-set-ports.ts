import type { ScopeSetEvent } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { ScopeSetId, WorkspaceId } from '@latchkey/kernel';
import type { ChangedSubject } from '@latchkey/live-state';
import type { ExistingScopeSet, LiveScopeSet, ScopeSetState } from '../domain/scope-set/scope-set';
import type { KeyWrite } from './ports';

/** Place in the list, ties by id. */
export interface ScopeSetPosition {
  /** When the set was created. */
  readonly at: Date;
  readonly id: string;
}

/** Whoever writes has the admin scope, which no set holds: so what they have by sets is not held, and two who change each other's do not wait in a circle. */
export interface ScopeSetWrite extends Pick<KeyWrite, 'grantor' | 'beforeCommit'> {
  readonly scopeSetId: ScopeSetId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: ScopeSetState) => readonly ScopeSetEvent[];
  readonly meta: EventMeta;
}

export interface WrittenScopeSet {
  /** After the events. */
  readonly set: ExistingScopeSet;
  /** What must be settled before an answer may rely on it, also when nothing was decided: somebody else's change may not be settled yet. */
  readonly changed: ChangedSubject;
}

/** Scope sets as streams of events, and what must change with them. A change is in the list when its reply is sent. */
export interface ScopeSets {
  /**
   * Loads, decides and writes events, outbox, the claim of the name, list and subject in one transaction.
   * @throws AppError what `decide` and `beforeCommit` throw; `scope_set.name_taken`, `scope_set.too_many`; `stream.version_conflict` after
   * several lost races, or when the grantor has changed
   */
  write(write: ScopeSetWrite): Promise<WrittenScopeSet>;
  /** One of another workspace is not there, nor is one that was deleted. */
  find(workspaceId: WorkspaceId, scopeSetId: string): Promise<LiveScopeSet | null>;
  /** Newest first. */
  after(workspaceId: WorkspaceId, position: ScopeSetPosition | null, limit: number): Promise<readonly LiveScopeSet[]>;
}
