import { status, type Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { certificateName } from '@latchkey/platform';
import type { PresentedCaller, RefusedCaller } from '../../application/callers';

/** Whoever opened a call. */
export class GrpcCaller implements PresentedCaller {
  readonly authorization: string | undefined;

  constructor(
    private readonly call: Pick<ServerInterceptingCallInterface, 'getAuthContext' | 'getPeer'>,
    metadata: Metadata,
  ) {
    const [authorization] = metadata.get('authorization');
    this.authorization = authorization?.toString();
  }

  /** Looked up only when somebody wants to know: it reads the whole certificate. */
  get certificate(): string | null {
    const { sslPeerCertificate: certificate } = this.call.getAuthContext();
    return certificate === undefined ? null : certificateName(certificate);
  }

  get ip(): string {
    return addressOf(this.call.getPeer());
  }
}

/** Of `address:port`, as grpc-js puts both together; an IPv6 address too. */
const addressOf = (peer: string): string => peer.slice(0, Math.max(0, peer.lastIndexOf(':')));

/** How a call ends, or why one check of a stream was not decided. The text never says more than the caller may know. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
}

export function refusalFor({ verdict }: RefusedCaller, { authorization }: PresentedCaller): Refusal {
  switch (verdict) {
    case 'unauthenticated':
      return authorization === undefined ? NOTHING_SHOWN : NOT_ACCEPTED;
    case 'forbidden':
      return MAY_NOT_ASK;
    case 'unavailable':
      return NOBODY_CAN_TELL;
  }
}

const NOTHING_SHOWN = { code: status.UNAUTHENTICATED, details: 'who asks must show a credential of its own' };
const NOT_ACCEPTED = { code: status.UNAUTHENTICATED, details: "the caller's own token was not accepted" };
const MAY_NOT_ASK = { code: status.PERMISSION_DENIED, details: 'this credential may not ask for checks' };
const NOBODY_CAN_TELL = { code: status.UNAVAILABLE, details: 'it cannot be told right now who asks' };

export const NOT_A_MESSAGE: Refusal = { code: status.INVALID_ARGUMENT, details: 'not a message of this protocol' };
export const TOO_MANY_CHECKS: Refusal = {
  code: status.INVALID_ARGUMENT,
  details: '"checks" must have at most 100 items.',
};
export const TOO_LATE: Refusal = { code: status.DEADLINE_EXCEEDED, details: 'the message did not come in time' };
export const STOPPING: Refusal = { code: status.UNAVAILABLE, details: 'this node is about to stop' };
export const FAILED: Refusal = { code: status.INTERNAL, details: 'failed' };
