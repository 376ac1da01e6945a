import path from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { CheckRequest } from '@latchkey/contracts';

/** What the tests look at of an answer. */
export interface GrpcResult {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly status: number;
  readonly principal: { readonly id: string } | null;
  readonly limits: readonly { readonly name: string; readonly limit: number }[];
}

type Call<Request, Response> = (
  request: Request,
  options: { readonly deadline: number },
  done: (error: ServiceError | null, response: Response) => void,
) => void;

interface Enforcement {
  Check: Call<CheckRequest, GrpcResult>;
  BatchCheck: Call<{ readonly checks: readonly CheckRequest[] }, { readonly results: readonly GrpcResult[] }>;
  close(): void;
}

interface Published {
  readonly latchkey: {
    readonly enforcement: { readonly v1: { readonly Enforcement: new (...args: unknown[]) => Enforcement } };
  };
}

const TIMEOUT_MS = 15_000;
const proto = path.resolve(__dirname, '../../libs/contracts/proto/enforcement.proto');

/** As a stranger asks, who has nothing of Latchkey but the published proto file. */
export class GrpcCaller {
  readonly #client: Enforcement;

  constructor(address: string) {
    const { latchkey } = loadPackageDefinition(
      loadSync(proto, { keepCase: true, defaults: true }),
    ) as unknown as Published;
    this.#client = new latchkey.enforcement.v1.Enforcement(address, credentials.createInsecure());
  }

  check(request: CheckRequest): Promise<GrpcResult> {
    return answered((options, done) => this.#client.Check(request, options, done));
  }

  async batch(checks: readonly CheckRequest[]): Promise<readonly GrpcResult[]> {
    return (
      await answered<{ results: readonly GrpcResult[] }>((options, done) =>
        this.#client.BatchCheck({ checks }, options, done),
      )
    ).results;
  }

  close(): void {
    this.#client.close();
  }
}

const answered = <Response>(
  call: (
    options: { readonly deadline: number },
    done: (error: ServiceError | null, response: Response) => void,
  ) => void,
): Promise<Response> =>
  new Promise((resolve, reject) =>
    call({ deadline: Date.now() + TIMEOUT_MS }, (error, response) => (error ? reject(error) : resolve(response))),
  );
