import type { Profile } from '@latchkey/access';
import type { ClientEvent } from '@latchkey/contracts';
import type { EventMeta, IssuedSecret, RepeatableRequest } from '@latchkey/event-store';
import type { ClientId, Secret, WorkspaceId } from '@latchkey/kernel';
import type { ChangedSubject } from '@latchkey/live-state';
import type { ClientState, ExistingClient } from '../domain/client/client';

export interface ClientWrite {
  readonly clientId: ClientId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: ClientState) => readonly ClientEvent[];
  readonly meta: EventMeta;
  /** The secret that the events bring in, if they bring one. Only its digest is kept. */
  readonly newSecret?: Secret;
  /** Remembered with the events, for a day: it writes once. */
  readonly request?: RepeatableRequest;
  /** Runs when all is written, before the commit: when it fails, nothing has happened. */
  readonly beforeCommit?: () => Promise<void>;
}

export interface WrittenClient {
  /** The client after the events. */
  readonly client: ExistingClient;
  /**
   * What must be settled before an answer may rely on it. Also when nothing was decided: then the answer rests on somebody else's change,
   * which may not have been settled yet.
   */
  readonly changed: ChangedSubject;
}

/** Clients as streams of events, and what must change with them. */
export interface ClientStore {
  /**
   * Loads, decides and writes events, outbox, digest, list and the client's subject in one transaction.
   * @throws AppError what `decide` and `beforeCommit` throw, `claim.taken` for a request that has written, `client.too_many`, `stream.version_conflict` after
   * several lost races
   */
  write(write: ClientWrite): Promise<WrittenClient>;
}

/** What a request has led to earlier. */
export interface EarlierRequest {
  readonly clientId: ClientId;
  /** As in `WrittenClient`. */
  readonly changed: ChangedSubject;
}

/** Requests that have made a client or a secret, for a day (C31). */
export interface IssuedRequests {
  /**
   * `null`: it has led to nothing. Who asks again had no answer: the secret counts as lost from here on.
   * @throws AppError `request.idempotency_key_reused` when the caller's request of that name was another one
   */
  find(request: RepeatableRequest, now: Date): Promise<EarlierRequest | null>;
  /** Whether the reply that showed the secret is known to have reached nobody. */
  isLost(secret: IssuedSecret, now: Date): Promise<boolean>;
}

/** Place in the list: newest first, ties by id. */
export interface ClientPosition {
  readonly at: Date;
  readonly id: string;
}

/** With what was seen of its use, which is no part of its history and is behind by a second or two. */
export type ListedClient = ExistingClient & {
  /** When it last got an access token; `null`: never. */
  readonly lastUsedAt: Date | null;
};

/** The read model of clients. A client's change is in it when its reply is sent. */
export interface ClientList {
  /** A client of another workspace is not there. */
  find(workspaceId: WorkspaceId, clientId: string): Promise<ListedClient | null>;
  after(workspaceId: WorkspaceId, position: ClientPosition | null, limit: number): Promise<readonly ListedClient[]>;
}

/** A client, and when it got a token. */
export interface ClientUse {
  readonly clientId: string;
  readonly at: Date;
}

export interface ClientUses {
  /** Keeps the latest of each client: the same uses may come again, and older ones later. */
  note(uses: readonly ClientUse[]): Promise<void>;
}

export interface Randomness {
  /** A new client secret in the profile's form. */
  clientSecret(profile: Profile): Secret;
}
