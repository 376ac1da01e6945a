import type { Server, ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContextOptions } from 'node:tls';
import { certificateName } from './certificate-name';
import type { TlsFiles, TlsMaterial } from './tls-files';

/** A peer that says nothing must not hold a connection for the two minutes that Node would give it. */
const HANDSHAKE_MS_MAX = 10_000;

const contextOf = (material: TlsMaterial): SecureContextOptions => ({ ...material, minVersion: 'TLSv1.2' });

/**
 * How HTTP is served over TLS. A client certificate is asked for and not demanded: a caller may show a token instead, and who has neither is
 * refused by the routes.
 */
export const httpsOptions = ({ current }: TlsFiles): ServerOptions => ({
  ...contextOf(current),
  handshakeTimeout: HANDSHAKE_MS_MAX,
  requestCert: true,
  rejectUnauthorized: false,
});

/** New connections get what the files hold now. */
export function followTlsFiles(server: Server, files: TlsFiles): void {
  server.once(
    'close',
    files.onChange((material) => server.setSecureContext(contextOf(material))),
  );
}

const known = new WeakMap<Socket, string | null>();

/** What the peer is called in the certificate of the installation's authority that it showed; null: it showed none. It cannot change while the connection is open. */
export function certifiedName(socket: Socket): string | null {
  const before = known.get(socket);
  if (before !== undefined) return before;
  // Node calls a connection authorized too when it resumes a TLS 1.3 session that never had a certificate.
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const name = certificate === undefined ? null : certificateName(certificate.toLegacyObject());
  known.set(socket, name);
  return name;
}
