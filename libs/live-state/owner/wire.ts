import {
  credentialRef,
  subjectBody,
  SUBJECT_OWNERS,
  type CredentialRef,
  type SubjectKind,
  type SubjectOwner,
  type SubjectRef,
  type SubjectSnapshot,
} from '@latchkey/contracts';
import {
  ASK_ITEMS_MAX,
  SHA256_BYTES,
  type ReadSubjectsReply,
  type ReadSubjectsRequest,
  type ResolveCredentialsReply,
  type ResolveCredentialsRequest,
  type WireCredential,
  type WireSnapshot,
} from './owner-protocol';

/** A message that is not what the protocol says. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const isKindOf = (owner: SubjectOwner, kind: string): kind is SubjectKind =>
  Object.hasOwn(SUBJECT_OWNERS, kind) && SUBJECT_OWNERS[kind as SubjectKind] === owner;

function refuseUnlessCount(count: number): void {
  if (count > ASK_ITEMS_MAX)
    throw new WireError(`asks for ${count}, at most ${ASK_ITEMS_MAX} may be asked for at once`);
}

/** An ask for another owner's subjects is refused: "there is none" from the wrong service would be a wrong answer. */
export function fromWireRefs(owner: SubjectOwner, request: ReadSubjectsRequest): SubjectRef[] {
  refuseUnlessCount(request.subjects.length);
  return request.subjects.map(({ kind, id }) => {
    if (!isKindOf(owner, kind)) throw new WireError(`${owner} does not own subjects of that kind`);
    if (id === '') throw new WireError('a subject without an id');
    return { kind, id };
  });
}

export function fromWireDigests(request: ResolveCredentialsRequest): readonly Uint8Array[] {
  refuseUnlessCount(request.sha256.length);
  if (request.sha256.some((digest) => digest.length !== SHA256_BYTES))
    throw new WireError(`a SHA-256 has ${SHA256_BYTES} bytes`);
  return request.sha256;
}

export const toWireSnapshot = ({ kind, id, version, body }: SubjectSnapshot): WireSnapshot => ({
  kind,
  id,
  version,
  body: body ? JSON.stringify(body) : '',
});

export const toWireCredential = (found: CredentialRef | null): WireCredential => ({
  found: found !== null,
  workspace_id: found?.workspaceId ?? '',
  key_id: found?.keyId ?? '',
  secret_number: found?.secretNumber ?? 0,
});

/** The answers to `asked`, each for the subject in its place. */
export function fromWireSnapshots(asked: readonly SubjectRef[], reply: ReadSubjectsReply): SubjectSnapshot[] {
  if (reply.subjects.length !== asked.length)
    throw new WireError(`${reply.subjects.length} answers to ${asked.length} questions`);
  return asked.map((ref, index) => fromWireSnapshot(ref, reply.subjects[index]));
}

function fromWireSnapshot(asked: SubjectRef, snapshot: WireSnapshot | undefined): SubjectSnapshot {
  if (snapshot?.kind !== asked.kind || snapshot.id !== asked.id) throw new WireError('an answer for another subject');
  if (snapshot.body === '') return { ...asked, version: snapshot.version, body: null };
  const body = subjectBody.parse(JSON.parse(snapshot.body));
  if (body.kind !== asked.kind || snapshot.version < 1)
    throw new WireError('a body of another kind, or without a version');
  return { ...asked, version: snapshot.version, body };
}

export function fromWireCredentials(asked: number, reply: ResolveCredentialsReply): (CredentialRef | null)[] {
  if (reply.credentials.length !== asked)
    throw new WireError(`${reply.credentials.length} answers to ${asked} questions`);
  return reply.credentials.map((found) => {
    if (!found.found) return null;
    return credentialRef.parse({
      workspaceId: found.workspace_id,
      keyId: found.key_id,
      secretNumber: found.secret_number,
    });
  });
}
