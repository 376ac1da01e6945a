import { isLoopback, Secret } from '@latchkey/kernel';
import { z } from 'zod';

/** A mail server, and how to speak to it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: from the first byte; `starttls`: before anything is said that matters, or not at all; `none`: in the clear. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly login: { readonly username: string; readonly password: Secret } | null;
}

const IMPLICIT_TLS_PORT = 465;
const SUBMISSION_PORT = 587;

/**
 * `smtp://user:password@host:587` or `smtps://…`. Beyond loopback, `smtp:` goes over to TLS (STARTTLS) unless it says `?tls=none`, and a
 * password is never sent in the clear.
 */
export const smtpServer = z.string().transform((text, context): SmtpServer => {
  const server = parseServer(text);
  if (typeof server !== 'string') return server;
  context.addIssue({ code: 'custom', message: server });
  return z.NEVER;
});

/** @returns what is wrong with it, when something is */
function parseServer(text: string): SmtpServer | string {
  if (!URL.canParse(text)) return 'must be an address such as smtps://user:password@mail.example.com.';
  const url = new URL(text);
  const { protocol, hostname, pathname, hash } = url;
  const isPlain = protocol === 'smtp:';
  if (!isPlain && protocol !== 'smtps:') return 'must begin with smtp:// or smtps://.';
  if (!hostname || pathname.length > 1 || hash || !/^(\?tls=(none|required))?$/.test(url.search))
    return 'must have a host, and behind it no more than ?tls=none or ?tls=required.';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const tls = isPlain ? tlsOf(host, url.searchParams.get('tls')) : 'implicit';
  if (tls === 'none' && url.username && !isLoopback(host)) return 'must not send a password without TLS.';
  if (tls === 'implicit' && url.searchParams.get('tls') === 'none') return 'must be smtp:// to go without TLS.';
  const username = decodeURIComponent(url.username);
  return {
    ...{ host, tls },
    port: url.port ? Number(url.port) : isPlain ? SUBMISSION_PORT : IMPLICIT_TLS_PORT,
    login: username ? { username, password: new Secret(decodeURIComponent(url.password)) } : null,
  };
}

/** On the machine itself nobody listens, and certificates there are nobody's. */
function tlsOf(host: string, wanted: string | null): SmtpServer['tls'] {
  if (wanted === null) return isLoopback(host) ? 'none' : 'starttls';
  return wanted === 'none' ? 'none' : 'starttls';
}

/** An address that paths can be put behind. */
export const publicUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, hostname } = new URL(text);
  const isHttp = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
  return isHttp && !search && !hash && !username && !/\s/.test(text);
}, 'must be an https address (http on loopback alone) without query and fragment.');
