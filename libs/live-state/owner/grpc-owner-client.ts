import {
  Client,
  credentials,
  type ChannelCredentials,
  type ChannelOptions,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { AppError } from '@latchkey/kernel';
import type { CredentialRef, CredentialResolver, SubjectOwner, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { ownerProtocol, type OwnerReader } from './owner-protocol';
import { fromWireCredentials, fromWireSnapshots } from './wire';

export interface GrpcOwnerClientOptions {
  readonly owner: SubjectOwner;
  /** `host:port`. */
  readonly address: string;
  /** Of the channel: the server must be the owner by its certificate then. Absent: without TLS. */
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
const channelOptions: ChannelOptions = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A repeated ask would only pile up on an owner that is slow already: the next check asks again.
  'grpc.enable_retries': 0,
  // Owners are neighbours; an `http_proxy` of the environment is not meant for them.
  'grpc.enable_http_proxy': 0,
};

/**
 * Asks one owner over gRPC. Every failure is `service.unavailable`: no answer, a late one, one that does not match the question.
 */
export class GrpcOwnerClient implements OwnerReader, CredentialResolver {
  private readonly client: Client;
  private readonly deadlineMs: number;
  private readonly inFlightMax: number;
  /** By method. */
  private readonly inFlight = new Map<string, number>();

  constructor(private readonly options: GrpcOwnerClientOptions) {
    const { owner, address, tls = credentials.createInsecure() } = options;
    // Whatever its address is: a name there need not be one that the certificate has.
    this.client = new Client(address, tls, { ...channelOptions, 'grpc.ssl_target_name_override': owner });
    this.deadlineMs = options.deadlineMs ?? 500;
    this.inFlightMax = options.inFlightMax ?? 64;
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
    return new Promise((resolve, reject) => {
      this.client.waitForReady(Date.now() + this.deadlineMs, (error) => {
        if (error) reject(this.unavailable('cannot be reached', error));
        else resolve();
      });
    });
  }

  close(): void {
    this.client.close();
  }

  private ask<Request, Reply>(method: MethodDefinition<Request, Reply>, request: Request): Promise<Reply> {
    const underWay = this.inFlight.get(method.path) ?? 0;
    if (underWay >= this.inFlightMax)
      return Promise.reject(this.unavailable(`has ${underWay} asks of ${method.path} under way already`));
    this.inFlight.set(method.path, underWay + 1);
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + this.deadlineMs;
      this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline },
        (error, reply) => {
          this.inFlight.set(method.path, (this.inFlight.get(method.path) ?? 0) - 1);
          if (error || !reply) reject(this.unavailable(`did not answer ${method.path}`, error));
          else resolve(reply);
        },
      );
    });
  }

  private understood<Answer>(read: () => Answer): Answer {
    try {
      return read();
    } catch (cause) {
      throw this.unavailable('gave an answer that does not match the question', cause);
    }
  }

  private unavailable(what: string, cause?: unknown): AppError {
    return new AppError('service.unavailable', {
      internal: `owner ${this.options.owner} at ${this.options.address} ${what}`,
      cause,
    });
  }
}
