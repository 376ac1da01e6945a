import type { Brand } from './brand';

export type WorkspaceId = Brand<'WorkspaceId'>;
export type UserId = Brand<'UserId'>;
export type KeyId = Brand<'KeyId'>;
export type SessionId = Brand<'SessionId'>;
/** Of an OAuth client: its `client_id`. */
export type ClientId = Brand<'ClientId'>;
export type ScopeSetId = Brand<'ScopeSetId'>;
export type EventId = Brand<'EventId'>;
export type RequestId = Brand<'RequestId'>;

export const workspaceId = (value: string) => value as WorkspaceId;
export const userId = (value: string) => value as UserId;
export const keyId = (value: string) => value as KeyId;
export const clientId = (value: string) => value as ClientId;
export const scopeSetId = (value: string) => value as ScopeSetId;
export const sessionId = (value: string) => value as SessionId;
export const eventId = (value: string) => value as EventId;
export const requestId = (value: string) => value as RequestId;

/** Where new ids come from: UUIDv7 (RFC 9562 §5.7), so that they sort by time of creation. */
export interface IdSource {
  next(): string;
}
