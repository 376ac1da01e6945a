import type { SubjectOwner, SubjectReader, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import type { OwnerReader } from './owner-protocol';

/** Sends each ask to the subjects' owner: over gRPC, or straight to its reader where all services share one process. */
export class RoutedSubjectReader implements SubjectReader {
  constructor(private readonly owners: Readonly<Record<SubjectOwner, OwnerReader>>) {}

  read(owner: SubjectOwner, subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    return this.owners[owner].read(subjects);
  }
}
