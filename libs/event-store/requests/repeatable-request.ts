import { isAppError } from '@latchkey/kernel';

/** A request for a secret that its client may send again when it got no answer (C31). */
export interface RepeatableRequest {
  /** The client's `Idempotency-Key`, which tells apart the requests of one caller. */
  readonly key: string;
  readonly workspaceId: string;
  /** Whose request it is, for as long as it may be repeated. */
  readonly actorId: string;
  /** What is asked for, and of what. */
  readonly operation: string;
  /** As it was understood: however a request is spelled, the same one is the same JSON value. */
  readonly body: unknown;
}

/** What a request has led to: the secret of that number of the credential of that id. */
export interface IssuedSecret {
  readonly id: string;
  readonly secretNumber: number;
}

/**
 * Issues, unless the same request has done so already. Of several at once the transaction lets one through; the others come out here as the
 * repetitions that they are.
 * @param find what the request has led to earlier, null: nothing
 * @throws what `issue` and `find` throw
 */
export async function issueOnce<Issued, Earlier>(
  request: RepeatableRequest | null,
  find: (request: RepeatableRequest) => Promise<Earlier | null>,
  issue: () => Promise<Issued>,
): Promise<Issued | Earlier> {
  if (!request) return issue();
  const earlier = await find(request);
  if (earlier) return earlier;
  try {
    return await issue();
  } catch (error) {
    if (!isAppError(error, 'claim.taken') && !isAppError(error, 'stream.version_conflict')) throw error;
    const winner = await find(request);
    if (!winner) throw error;
    return winner;
  }
}
