import { rootCertificates } from 'node:tls';
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '@latchkey/platform';
import type { Delivery, DeliveryOutcome } from './delivery';
import type { Letter } from './letter';

export interface SmtpOptions {
  readonly server: SmtpServer;
  /** Address that mails come from. */
  readonly from: string;
  /** PEM of an authority to be believed beside the public ones, for a server of one's own. */
  readonly ca?: string | undefined;
  readonly timeouts?: Partial<SmtpTimeouts>;
}

/** In ms. */
export interface SmtpTimeouts {
  /** To be connected, and greeted. */
  readonly connectMs: number;
  /** Without a word from the server. */
  readonly silenceMs: number;
  /** For a mail in all, however the server draws it out. */
  readonly allMs: number;
}

const TIMEOUTS: SmtpTimeouts = { connectMs: 10_000, silenceMs: 30_000, allMs: 60_000 };

/** Sends each mail over a connection of its own (RFC 5321). */
export class SmtpDelivery implements Delivery {
  readonly #transport: ReturnType<typeof transportTo>;
  readonly #timeouts: SmtpTimeouts;

  constructor(private readonly options: SmtpOptions) {
    this.#timeouts = { ...TIMEOUTS, ...options.timeouts };
    this.#transport = transportTo(options, this.#timeouts);
  }

  async deliver({ to, subject, text, html }: Letter, mailId: string): Promise<DeliveryOutcome> {
    const { from } = this.options;
    try {
      await this.#transport.sendMail({
        from: { name: 'Latchkey', address: from },
        to: { name: '', address: to },
        ...{ subject, text, html },
        messageId: `<${mailId}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        // RFC 3834: no program shall answer that somebody is on holiday.
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(this.#timeouts.allMs),
      });
      return { kind: 'delivered' };
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

const transportTo = ({ server, ca }: SmtpOptions, { connectMs, silenceMs }: SmtpTimeouts) =>
  createTransport({
    host: server.host,
    port: server.port,
    secure: server.tls === 'implicit',
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'none',
    ...(ca !== undefined && { tls: { ca: [...rootCertificates, ca] } }),
    ...(server.login && { auth: { user: server.login.username, pass: server.login.password.reveal() } }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: silenceMs,
    // A letter is text: nothing in it is looked up.
    disableFileAccess: true,
    disableUrlAccess: true,
  });

/** What a server answered to a recipient, or to the letter itself. Before that, a 5xx is about us, and can be mended. */
const ABOUT_THE_MAIL = ['RCPT TO', 'DATA'];

/** The text of an error may hold the address: of an error of the transport, only its codes are told. */
function outcomeOf(error: unknown): DeliveryOutcome {
  const { code = 'unknown', command = '', responseCode = 0 } = Object(error) as SmtpError;
  const reason = [code, command, responseCode || ''].filter((part) => part !== '').join(' ');
  const isPermanent = responseCode >= 500 && responseCode < 600 && responseCode !== 503;
  return { kind: isPermanent && ABOUT_THE_MAIL.includes(command) ? 'refused' : 'failed', reason };
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
}
