import { checkServerIdentity } from 'node:tls';
import { experimental, type ChannelCredentials, type ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles, TlsMaterial } from './tls-files';

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

/** What grpc-js asks for certificates, and is told of new ones by. */
class TlsFilesProvider implements experimental.CertificateProvider {
  readonly #unsubscribes = new Map<CaListener | IdentityListener, () => void>();

  constructor(private readonly files: TlsFiles) {}

  addCaCertificateListener(listener: CaListener): void {
    this.#add(listener, ({ ca }) => listener({ caCertificate: Buffer.from(ca) }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#remove(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#add(listener, ({ cert, key }) => listener({ certificate: Buffer.from(cert), privateKey: Buffer.from(key) }));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#remove(listener);
  }

  #add(listener: CaListener | IdentityListener, tell: (material: TlsMaterial) => void): void {
    this.#unsubscribes.set(listener, this.files.onChange(tell));
    // Not before it has returned: a server listens for the outcome only then.
    process.nextTick(() => tell(this.files.current));
  }

  #remove(listener: CaListener | IdentityListener): void {
    this.#unsubscribes.get(listener)?.();
    this.#unsubscribes.delete(listener);
  }
}

/** Of a gRPC server. `clients`: whether a client must show a certificate of the installation's authority, or may do without. */
export function grpcServerCredentials(files: TlsFiles, clients: 'certified' | 'any'): ServerCredentials {
  const provider = new TlsFilesProvider(files);
  return experimental.createCertificateProviderServerCredentials(provider, provider, clients === 'certified');
}

/**
 * Of a gRPC client that shows its own certificate, and believes servers of the installation's authority alone: those with the name
 * `serverName`, where that is not the name in their address.
 */
export function grpcChannelCredentials(files: TlsFiles, serverName?: string): ChannelCredentials {
  const provider = new TlsFilesProvider(files);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    ...(serverName !== undefined && {
      checkServerIdentity: (_address, certificate) => checkServerIdentity(serverName, certificate),
    }),
  });
}
