import type { ChannelCredentials, ChannelOptions, MethodDefinition } from '@grpc/grpc-js';
import { AppError } from '@latchkey/kernel';
import type { CredentialRef, CredentialResolver, SubjectOwner, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { NeighbourClient } from '@latchkey/neighbour';
import { ownerProtocol, type OwnerReader } from './owner-protocol';
import { fromWireCredentials, fromWireSnapshots } from './wire';

export interface GrpcOwnerClientOptions {
  readonly owner: SubjectOwner;
  /** `host:port` of each of its processes. All read the same primary, so any of them knows what is true. */
  readonly addresses: readonly string[];
  /** Of the channels: the server must be the owner by its certificate then. Absent: without TLS. */
  readonly tls?: ChannelCredentials | undefined;
  /** After this an ask has failed, connecting included. 500 ms when absent. */
  readonly deadlineMs?: number;
  /**
   * Asks of one kind under way at once; one more is refused at once, so that a slow owner cannot fill this process's memory, nor a
   * flood of made-up keys take the place of asks for subjects. 64 when absent.
   */
  readonly inFlightMax?: number;
}

/** An owner that restarts must be found again within a second: until then every miss is a 503. */
const channel: ChannelOptions = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A repeated ask would only pile up on an owner that is slow already: the next check asks again.
  'grpc.enable_retries': 0,
};

/**
 * Asks one owner over gRPC, whichever of its processes. Every failure is `service.unavailable`: no answer, a late one, one that does not match
 * the question.
 */
export class GrpcOwnerClient implements OwnerReader, CredentialResolver {
  private readonly neighbour: NeighbourClient;
  private readonly deadlineMs: number;
  private readonly inFlightMax: number;
  /** By method. */
  private readonly inFlight = new Map<string, number>();

  constructor(private readonly options: GrpcOwnerClientOptions) {
    const { owner: service, addresses, tls, deadlineMs = 500, inFlightMax = 64 } = options;
    this.neighbour = new NeighbourClient({ service, addresses, tls, channel });
    this.deadlineMs = deadlineMs;
    this.inFlightMax = inFlightMax;
  }

  async read(subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    const reply = await this.ask(ownerProtocol.ReadSubjects, { subjects: [...subjects] });
    return this.understood(() => fromWireSnapshots(subjects, reply));
  }

  async resolve(sha256: readonly Uint8Array[]): Promise<readonly (CredentialRef | null)[]> {
    const reply = await this.ask(ownerProtocol.ResolveCredentials, { sha256: [...sha256] });
    return this.understood(() => fromWireCredentials(sha256.length, reply));
  }

  /** Resolves when the owner is connected; `service.unavailable` when it is not within the deadline. For readiness. */
  ready(): Promise<void> {
    return this.neighbour.ready(this.deadlineMs);
  }

  close(): void {
    this.neighbour.close();
  }

  private async ask<Request, Reply>(method: MethodDefinition<Request, Reply>, request: Request): Promise<Reply> {
    const underWay = this.inFlight.get(method.path) ?? 0;
    if (underWay >= this.inFlightMax)
      throw this.unavailable(`has ${underWay} asks of ${method.path} under way already`);
    this.inFlight.set(method.path, underWay + 1);
    try {
      return await this.neighbour.ask(method, request, { deadlineMs: this.deadlineMs });
    } finally {
      this.inFlight.set(method.path, (this.inFlight.get(method.path) ?? 0) - 1);
    }
  }

  private understood<Answer>(read: () => Answer): Answer {
    try {
      return read();
    } catch (cause) {
      throw this.unavailable('gave an answer that does not match the question', cause);
    }
  }

  private unavailable(what: string, cause?: unknown): AppError {
    return new AppError('service.unavailable', { internal: `${this.options.owner} ${what}`, cause });
  }
}
