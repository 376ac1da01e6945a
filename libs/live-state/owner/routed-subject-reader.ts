import type { SubjectOwner, SubjectReader, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { OwnerReader } from './owner-protocol';

/** Sends each ask to the subjects' owner: over gRPC, or straight to its reader where all services share one process. */
export class RoutedSubjectReader implements SubjectReader {
  constructor(private readonly owners: Readonly<Partial<Record<SubjectOwner, OwnerReader>>>) {}

  /** @throws AppError `service.unavailable`: this process knows nobody who answers for that owner, or nobody did */
  async read(owner: SubjectOwner, subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    const reader = this.owners[owner];
    if (reader === undefined) throw new AppError('service.unavailable', { internal: `nobody answers for ${owner}` });
    return reader.read(subjects);
  }
}
