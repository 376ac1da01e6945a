/** What a caller may hold of a node over gRPC. */
export interface GrpcBounds {
  /** Of one message. A hundred checks with 10 KB each fit. */
  readonly messageBytesMax: number;
  /** Calls and streams at once on one connection. A caller with more waits for some of them. */
  readonly callsMax: number;
  /** For who asks to be admitted and its whole message to come; of a unary call, as a stream may be silent for as long as it likes. */
  readonly messageTimeoutMs: number;
  /** For a caller that was answered before all of its request had come, to leave the call: then it is cut. */
  readonly leaveMs: number;
  /** After this a connection without a call or a stream is closed. */
  readonly idleMs: number;
  /** Checks of one stream that are under way, or whose answers its caller has no room for: beyond them no message is taken up. */
  readonly underWayMax: number;
}

export const GRPC_BOUNDS: GrpcBounds = {
  // As the body of an HTTP request.
  messageBytesMax: 1_048_576,
  // The least that HTTP/2 recommends (RFC 9113 §6.5.2). Whoever asks much has a stream, or batches.
  callsMax: 100,
  messageTimeoutMs: 30_000,
  leaveMs: 1_000,
  idleMs: 300_000,
  underWayMax: 1_000,
};
