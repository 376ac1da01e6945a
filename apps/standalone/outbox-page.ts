import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Module, Req, Res, type DynamicModule } from '@nestjs/common';
import { Public } from '@latchkey/guard';
import { escapeHtml, KeptLetters, type KeptLetter } from '@latchkey/identity';
import { AppError, isLoopback } from '@latchkey/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

export const OUTBOX_PATH = '/outbox';

const STYLE = 'body{font:1rem system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}';
/** Nothing is loaded, run, sent or framed; the one style is known by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The mails that nobody was sent, for trying things out. They hold links that are as good as passwords, so the page is for who sits at this
 * machine alone: a proxy in front, or a page elsewhere that has given its name our address, gets none.
 */
@Controller(OUTBOX_PATH)
class OutboxController {
  constructor(@Inject(KeptLetters) private readonly kept: KeptLetters) {}

  @Get()
  @Public()
  show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (!isFromThisMachine(request)) throw new AppError('route.not_found');
    void reply
      .headers({ 'content-security-policy': POLICY, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send(pageOf(this.kept.letters));
  }
}

function isFromThisMachine({ socket, headers, host }: FastifyRequest): boolean {
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const isForwarded = Object.keys(headers).some(
    (header) => header === 'forwarded' || header.startsWith('x-forwarded-'),
  );
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

const entryOf = ({ at, to, subject, text, link }: KeptLetter): string => `<article>
<h2>${escapeHtml(subject)}</h2>
<p>To ${escapeHtml(to)}, ${at.toISOString()}</p>
<pre>${escapeHtml(text)}</pre>
${link === null ? '' : `<p><a href="${escapeHtml(link)}" rel="noreferrer">Open the link</a></p>`}
</article>`;

@Module({})
export class OutboxPage {
  static of(kept: KeptLetters): DynamicModule {
    return {
      module: OutboxPage,
      controllers: [OutboxController],
      providers: [{ provide: KeptLetters, useValue: kept }],
    };
  }
}
