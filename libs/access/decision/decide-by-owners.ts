import {
  SUBJECT_OWNERS,
  type CheckedRef,
  type KnownSubjects,
  type SubjectOwner,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
  type Verdict,
} from '@latchkey/contracts';
import type { AccessDenial, AccessRequest } from './access-request';
import { decideCredential, firstSubjectsOf } from './decide-credential';

export interface OwnersVerdict {
  readonly verdict: Exclude<Verdict<AccessDenial>, { kind: 'needs' }>;
  /** What it rests on. */
  readonly known: KnownSubjects;
}

/**
 * What the rules say on a credential by the word of the owners alone: for a service that looks again at whom the check has let through. It
 * counts nothing, and ends in time are left to the caller.
 * @throws AppError `service.unavailable`: an owner cannot say
 */
export async function decideByOwners(
  reader: SubjectReader,
  credential: CheckedRef,
  request: AccessRequest,
): Promise<OwnersVerdict> {
  let known = await readAll(reader, firstSubjectsOf(credential));
  for (;;) {
    const verdict = decideCredential(credential, request, known);
    if (verdict.kind !== 'needs') return { verdict, known };
    known = [...known, ...(await readAll(reader, verdict.subjects))];
  }
}

async function readAll(reader: SubjectReader, refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
  const byOwner = new Map<SubjectOwner, SubjectRef[]>();
  for (const ref of refs) {
    const owner = SUBJECT_OWNERS[ref.kind];
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), ref]);
  }
  const answers = await Promise.all([...byOwner].map(([owner, asked]) => reader.read(owner, asked)));
  return answers.flat();
}
