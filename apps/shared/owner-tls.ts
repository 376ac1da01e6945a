import type { ServerCredentials } from '@grpc/grpc-js';
import { isLoopback } from '@latchkey/kernel';
import { ConfigError, grpcServerCredentials, type TlsFiles } from '@latchkey/platform';

/**
 * Of an owner's gRPC server, which demands certificates. None on a loopback address without TLS.
 * @throws ConfigError: others than this machine could ask for every subject; no proxy in front mends that
 */
export function ownerTls(host: string, tls: TlsFiles | undefined): ServerCredentials | undefined {
  if (tls !== undefined) return grpcServerCredentials(tls, 'certified');
  if (isLoopback(host)) return undefined;
  throw new ConfigError(['HOST: gRPC of this service on another address than loopback needs LATCHKEY_TLS_CERT.']);
}
