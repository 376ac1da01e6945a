import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail server on loopback, whoever the mails are for. */
export interface Mailbox {
  readonly url: string;
  /** The text of the next mails, in the order in which they come. */
  receive(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

const WAIT_MS = 60_000;

export async function startMailbox(): Promise<Mailbox> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    closeTimeout: 100,
    onData(stream, _session, done) {
      text(stream).then((mail) => {
        mails.push(withoutSoftBreaks(mail));
        server.emit('mail');
        done();
      }, done);
    },
  });
  // A client that goes away is no failure of the server.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    async receive(count) {
      const signal = AbortSignal.timeout(WAIT_MS);
      while (mails.length < count) await once(server, 'mail', { signal });
      return mails.splice(0, count);
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Quoted-printable, RFC 2045 §6.7, as far as links need it. */
const withoutSoftBreaks = (mail: string): string => mail.replaceAll('=\r\n', '');
