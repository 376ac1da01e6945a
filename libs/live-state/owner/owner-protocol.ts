import { loadSync } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/grpc-js';
import type { SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import path from 'node:path';

/** Messages of `owner.proto` as they come off the wire: well-formed, but not yet trusted. */
export interface WireRef {
  kind: string;
  id: string;
}

export interface WireSnapshot extends WireRef {
  version: number;
  body: string;
}

export interface WireCredential {
  found: boolean;
  workspace_id: string;
  key_id: string;
  secret_number: number;
}

export interface ReadSubjectsRequest {
  subjects: WireRef[];
}

export interface ReadSubjectsReply {
  subjects: WireSnapshot[];
}

export interface ResolveCredentialsRequest {
  sha256: Uint8Array[];
}

export interface ResolveCredentialsReply {
  credentials: WireCredential[];
}

/** A type, because grpc-js wants an index signature, which an interface does not have. */
export type OwnerProtocol = {
  readonly ReadSubjects: MethodDefinition<ReadSubjectsRequest, ReadSubjectsReply>;
  readonly ResolveCredentials: MethodDefinition<ResolveCredentialsRequest, ResolveCredentialsReply>;
};

/** The most subjects or credentials that one call may ask for. */
export const ASK_ITEMS_MAX = 1_000;

export const SHA256_BYTES = 32;

/** Answers for the subjects of one owner, from its primary. In the order of the request. */
export interface OwnerReader {
  read(subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]>;
}

const protoFile = path.join(__dirname, '../../contracts/proto/owner.proto');

/** Read from the published proto file, so the two cannot drift apart. */
export const ownerProtocol = loadSync(protoFile, { keepCase: true, defaults: true, arrays: true })[
  'latchkey.owner.v1.Owner'
] as unknown as OwnerProtocol;
