import type { ServerHttp2Stream } from 'node:http2';
import {
  ServerInterceptingCall,
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { AppError } from '@latchkey/kernel';
import type { AdmittedCaller, Callers, CallerVerdict } from '../../application/callers';
import type { GrpcBounds } from './bounds';
import { GrpcCaller, refusalFor, TOO_LATE } from './caller';

declare module '@grpc/grpc-js/build/src/metadata' {
  interface Metadata {
    /** Whoever asks, once it is admitted. */
    admittedCaller?: AdmittedCaller;
  }
}

export interface AdmissionParts {
  readonly callers: Callers;
  readonly onError: (error: unknown) => void;
}

/** Refuses whoever may not ask, before a byte of its message is read, and whoever does not send its message in time. */
export const admitting =
  (parts: AdmissionParts, bounds: GrpcBounds): ServerInterceptor =>
  ({ requestStream }, call) =>
    new CallToAdmit(call, parts, bounds, requestStream);

/** @throws AppError `service.internal`: the server does without `admitting` */
export function callerOf({ admittedCaller }: Metadata): AdmittedCaller {
  if (admittedCaller) return admittedCaller;
  throw new AppError('service.internal', { internal: 'a check without a caller' });
}

/** At once, where that can be told at once. Where asking fails, nobody can tell. */
export function verdictOn(
  caller: GrpcCaller,
  { callers, onError }: AdmissionParts,
): CallerVerdict | Promise<CallerVerdict> {
  const unavailable = (error: unknown): CallerVerdict => {
    onError(error);
    return { verdict: 'unavailable' };
  };
  try {
    const verdict = callers.admit(caller);
    return verdict instanceof Promise ? verdict.catch(unavailable) : verdict;
  } catch (error) {
    return unavailable(error);
  }
}

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];
type Status = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** What grpc-js has no public way to. */
type OverHttp2 = ServerInterceptingCallInterface & { readonly stream?: Pick<ServerHttp2Stream, 'close' | 'closed'> };

/**
 * Stands between grpc-js's call and its handler, which starts to read when it is told the metadata. It is a listener itself and passes on
 * directly: what grpc-js offers for that makes several objects and functions per call, and costs four times as much.
 */
class CallToAdmit extends ServerInterceptingCall implements Listener {
  #handler: Listener | undefined;
  #late: NodeJS.Timeout | undefined;
  /** All of the request has come. */
  #whole = false;
  #over = false;

  constructor(
    private readonly call: OverHttp2,
    private readonly parts: AdmissionParts,
    private readonly bounds: GrpcBounds,
    private readonly isStream: boolean,
  ) {
    super(call);
  }

  override start(handler: Listener): void {
    this.#handler = handler;
    this.call.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    if (!this.isStream) this.#late = setTimeout(() => this.call.sendStatus(TOO_LATE), this.bounds.messageTimeoutMs);
    const caller = new GrpcCaller(this.call, metadata);
    const conclude = (told: CallerVerdict) => {
      if (this.#over) return;
      if (told.verdict !== 'admitted') return this.call.sendStatus(refusalFor(told, caller));
      metadata.admittedCaller = told;
      this.#handler?.onReceiveMetadata(metadata);
    };
    const verdict = verdictOn(caller, this.parts);
    if (verdict instanceof Promise) void verdict.then(conclude);
    else conclude(verdict);
  }

  onReceiveMessage(message: unknown): void {
    if (!this.#over) this.#handler?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#whole = true;
    clearTimeout(this.#late);
    if (!this.#over) this.#handler?.onReceiveHalfClose();
  }

  /**
   * However the call has ended. A caller that never ends its request would keep the stream, and what has come of its message, so it is reset
   * (RFC 9113 §8.1); not at once, as a reset overtakes the status where that has to wait.
   */
  onCancel(): void {
    this.#over = true;
    clearTimeout(this.#late);
    const { stream } = this.call;
    if (!this.#whole && stream?.closed === false) setTimeout(() => stream.close(), this.bounds.leaveMs).unref();
    this.#handler?.onCancel();
  }

  override sendMetadata(metadata: Metadata): void {
    this.call.sendMetadata(metadata);
  }

  override sendMessage(message: unknown, callback: () => void): void {
    this.call.sendMessage(message, callback);
  }

  override sendStatus(status: Status): void {
    this.call.sendStatus(status);
  }
}
