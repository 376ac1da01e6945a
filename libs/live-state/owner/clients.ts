import { X509Certificate } from 'node:crypto';
import {
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';

/** Services that may ask, by the path of a method. */
export type ClientsByMethod = ReadonlyMap<string, readonly string[]>;

/** A name in full, and as a name of the certificate itself: neither a pattern nor what its subject says in passing. */
const EXACTLY = { subject: 'never', wildcards: false } as const;

/**
 * Lets a call through to its method only if the client's certificate names one of the services that may ask. Whatever it does not know is
 * refused, a client without a certificate too.
 */
export const onlyClients =
  (clients: ClientsByMethod): ServerInterceptor =>
  ({ path }, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const names = clients.get(path) ?? [];
        if (isNamed(call.getAuthContext().sslPeerCertificate?.raw, names)) next(metadata);
        else call.sendStatus({ code: status.PERMISSION_DENIED, details: 'not for this client' });
      })
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };

function isNamed(certificate: Buffer | undefined, names: readonly string[]): boolean {
  if (certificate === undefined) return false;
  const parsed = new X509Certificate(certificate);
  return names.some((name) => parsed.checkHost(name, EXACTLY) !== undefined);
}
