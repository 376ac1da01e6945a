import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Inject, Module, Query, Req, Res, type DynamicModule } from '@nestjs/common';
import { Public } from '@latchkey/guard';
import { escapeHtml, KeptLetters, LETTER_STYLE, type KeptLetter } from '@latchkey/identity';
import { AppError, isLoopback, type Secret } from '@latchkey/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StandaloneConfig } from './config';

export const OUTBOX_PATH = '/outbox';

const OUTBOX_TOKEN = Symbol('OUTBOX_TOKEN');

/** Mails are shown where none are sent, and nothing says that others than who sits at this machine reach the process, as through a proxy. */
export const showsMails = (
  config: Pick<StandaloneConfig, 'SMTP_URL' | 'HOST' | 'PUBLIC_URL' | 'TRUSTED_PROXIES' | 'LATCHKEY_ALLOW_PLAINTEXT'>,
): boolean =>
  config.SMTP_URL === undefined &&
  isLoopback(config.HOST) &&
  config.PUBLIC_URL === undefined &&
  config.TRUSTED_PROXIES.length === 0 &&
  config.LATCHKEY_ALLOW_PLAINTEXT !== 'true';

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:1rem system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem}',
  'pre{white-space:pre-wrap}',
  'iframe{width:100%;height:28rem;border:1px solid #8888;border-radius:.5rem}',
].join('');
const sourceOf = (style: string): string => `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
/** Nothing is loaded, run, sent or framed by others; the styles of the page and of the letters on it are known by their digests. */
const POLICY = [
  "default-src 'none'",
  `style-src ${sourceOf(STYLE)} ${sourceOf(LETTER_STYLE)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The mails that nobody was sent, for trying things out. They hold links that are as good as passwords, so the page is for who sits at this
 * machine alone, and has the token of its address: other users of the machine, a proxy in front, or a page elsewhere that has given its name
 * our address, get none. The token stands in the query, which no log has.
 */
@Controller(OUTBOX_PATH)
class OutboxController {
  readonly #token: Buffer;

  constructor(
    @Inject(KeptLetters) private readonly kept: KeptLetters,
    @Inject(OUTBOX_TOKEN) token: Secret,
  ) {
    this.#token = sha256(token.reveal());
  }

  @Get()
  @Public()
  show(@Query('token') token: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const isKnown = typeof token === 'string' && timingSafeEqual(sha256(token), this.#token);
    if (!isKnown || !isFromThisMachine(request)) throw new AppError('route.not_found');
    void reply
      .headers({ 'content-security-policy': POLICY, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send(pageOf(this.kept.letters));
  }
}

/** What proxies add. */
const FORWARDED: ReadonlySet<string> = new Set(['forwarded', 'via', 'x-real-ip', 'x-client-ip']);

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function isFromThisMachine({ socket, headers, host }: FastifyRequest): boolean {
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const isForwarded = Object.keys(headers).some((header) => FORWARDED.has(header) || header.startsWith('x-forwarded-'));
  return isLoopback(peer) && isLoopback(name) && !isForwarded;
}

const pageOf = (letters: readonly KeptLetter[]): string => `<!doctype html>
<html lang="en">
<title>Outbox</title>
<style>${STYLE}</style>
<h1>Outbox</h1>
<p>Mails that would have been sent. The latest 100 are kept until Latchkey stops.</p>
${letters.map(entryOf).join('\n') || '<p>There are none.</p>'}
</html>
`;

/** Both parts: what a program for mails shows stands in a frame that may do nothing, so its link is below once more. */
const entryOf = ({ at, to, subject, text, html, link }: KeptLetter): string => `<article>
<h2>${escapeHtml(subject)}</h2>
<p>To ${escapeHtml(to)}, ${at.toISOString()}</p>
<pre>${escapeHtml(text)}</pre>
<details><summary>As HTML</summary>
<iframe title="${escapeHtml(subject)}" sandbox srcdoc="${escapeHtml(html)}"></iframe>
</details>
${link === null ? '' : `<p><a href="${escapeHtml(link)}" rel="noreferrer">Open the link</a></p>`}
</article>`;

@Module({})
export class OutboxPage {
  static of(kept: KeptLetters, token: Secret): DynamicModule {
    return {
      module: OutboxPage,
      controllers: [OutboxController],
      providers: [
        { provide: KeptLetters, useValue: kept },
        { provide: OUTBOX_TOKEN, useValue: token },
      ],
    };
  }
}
