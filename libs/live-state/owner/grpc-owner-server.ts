import {
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { isAppError, isLoopback, reach } from '@latchkey/kernel';
import type { CredentialResolver, SubjectOwner } from '@latchkey/contracts';
import { onlyClients, type ClientsByMethod } from './clients';
import {
  ownerProtocol,
  type OwnerReader,
  type ReadSubjectsReply,
  type ReadSubjectsRequest,
  type ResolveCredentialsReply,
  type ResolveCredentialsRequest,
} from './owner-protocol';
import { fromWireDigests, fromWireRefs, toWireCredential, toWireSnapshot, WireError } from './wire';

export interface GrpcOwnerServerOptions {
  readonly owner: SubjectOwner;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly subjects: OwnerReader;
  /** Issuance only. */
  readonly credentials?: CredentialResolver;
  /** What else the owner tells its neighbours, on the same address. */
  readonly also?: readonly NeighbourService[];
  /**
   * Demands certificates of clients: whoever may ask is told every subject. Absent: everybody who reaches the address may, so it must be a
   * loopback one.
   */
  readonly tls?: ServerCredentials | undefined;
  /** Told of every failure that is not the caller's fault. */
  readonly onError: (error: unknown) => void;
}

export interface NeighbourService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** Services that may ask, by the names in their certificates. */
  readonly clients: readonly string[];
}

/** Services that depend on subjects of others. */
const READERS = ['identity', 'enforcement', 'issuance', 'oauth'];
/** Those that are shown credentials. */
const RESOLVERS = ['enforcement', 'issuance'];

/** After this a connection that still has calls under way is cut. */
const DRAIN_MS = 2_000;

/** Serves `owner.proto`. Answers come from the owner's primary, never from a cache, so that a revoked key is revoked here first. */
export class GrpcOwnerServer {
  /** What a service calls this address. */
  readonly name = 'grpc';
  private readonly server: Server;

  constructor(private readonly options: GrpcOwnerServerOptions) {
    const { owner, host, tls, subjects, credentials, also = [] } = options;
    if (tls === undefined && !isLoopback(host))
      throw new Error(`the owner protocol of ${owner} without certificates is for a loopback address alone`);
    this.server = new Server({
      'grpc.max_receive_message_length': 1_048_576,
      ...(tls && { interceptors: [onlyClients(clientsOf(also))] }),
    });
    for (const { definition, implementation } of also) this.server.addService(definition, implementation);
    this.server.addService(ownerProtocol, {
      ReadSubjects: this.unary<ReadSubjectsRequest, ReadSubjectsReply>(async (request) => {
        const found = await subjects.read(fromWireRefs(owner, request));
        await reach('owner.read');
        return { subjects: found.map(toWireSnapshot) };
      }),
      ...(credentials && {
        ResolveCredentials: this.unary<ResolveCredentialsRequest, ResolveCredentialsReply>(async (request) => {
          const found = await credentials.resolve(fromWireDigests(request));
          return { credentials: found.map(toWireCredential) };
        }),
      }),
    });
  }

  /** Answers its address. */
  start(): Promise<string> {
    const { host, port, tls = ServerCredentials.createInsecure() } = this.options;
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${host}:${port}`, tls, (error, bound) => {
        if (error) reject(error);
        else resolve(`${host}:${bound}`);
      });
    });
  }

  /** Takes no new calls, lets those under way finish. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.server.forceShutdown(), DRAIN_MS);
      this.server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  private unary<Request, Reply>(answer: (request: Request) => Promise<Reply>): handleUnaryCall<Request, Reply> {
    return (call, callback) => {
      answer(call.request).then(
        (reply) => callback(null, reply),
        (error: unknown) => callback(this.statusOf(error)),
      );
    };
  }

  /** The caller learns what kind of failure it was, never its text. */
  private statusOf(error: unknown): { code: status; details: string } {
    if (error instanceof WireError) return { code: status.INVALID_ARGUMENT, details: error.message };
    this.options.onError(error);
    if (isAppError(error, 'service.unavailable'))
      return { code: status.UNAVAILABLE, details: 'not available right now' };
    return { code: status.INTERNAL, details: 'failed' };
  }
}

const pathsOf = (definition: ServiceDefinition) => Object.values(definition).map(({ path }) => path);

const clientsOf = (also: readonly NeighbourService[]): ClientsByMethod =>
  new Map([
    [ownerProtocol.ReadSubjects.path, READERS],
    [ownerProtocol.ResolveCredentials.path, RESOLVERS],
    ...also.flatMap(({ definition, clients }) => pathsOf(definition).map((path) => [path, clients] as const)),
  ]);
