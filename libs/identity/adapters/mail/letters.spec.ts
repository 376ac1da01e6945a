import { Secret } from '@latchkey/kernel';
import type { MailMessage } from '../../application/ports';
import { emailAddress } from '../../testing/people';
import { letterWriter } from './letters';

const write = letterWriter('https://id.example.com/latchkey/');
const to = emailAddress('Ada@b.example');
const at = new Date('2026-05-05T12:00:00Z');
const token = new Secret('t'.repeat(43));
const invitation = (workspace: string) =>
  write({ to, template: 'invitation', values: { workspace, role: 'admin', expiresAt: at, token } });

describe('a letter', () => {
  const messages: readonly MailMessage[] = [
    { to, template: 'invitation', values: { workspace: 'ACME', role: 'admin', expiresAt: at, token } },
    { to, template: 'password_reset', values: { expiresAt: at, token } },
    { to, template: 'email_code', values: { expiresAt: at, code: new Secret('123456') } },
    { to, template: 'second_factor_changed', values: { change: 'enrolled', method: 'totp' } },
    { to, template: 'password_changed', values: { at } },
    { to, template: 'account_locked', values: { until: at } },
  ];

  it.each(messages)('$template says the same in text and in HTML', (message) => {
    const { to: address, subject, text, html } = write(message);
    expect(address).toBe('Ada@b.example');
    expect(subject).toMatch(/^[\x20-\x7e]{5,60}$/);
    for (const paragraph of text.split('\n\n').filter((each) => !each.includes('https://')))
      expect(html).toContain(`<p>${paragraph.trim()}`.replace('<p>123456', '<p><strong>123456'));
  });

  it('leads to the installation, with the token where no server sees it', () => {
    const { link, text, html } = invitation('ACME');
    expect(link).toBe(`https://id.example.com/latchkey/accept-invitation#${token.reveal()}`);
    expect(text).toContain(`\n${link}\n`);
    expect(html).toContain(`<a href="${link}">`);
    expect(write({ to, template: 'password_changed', values: { at } }).link).toBeNull();
  });

  it('shows a code in the letter, and not in the subject, which locked screens show', () => {
    const { subject, text } = write({
      ...{ to, template: 'email_code' },
      values: { expiresAt: at, code: new Secret('123456') },
    });
    expect([subject.includes('123456'), text.includes('123456')]).toEqual([false, true]);
  });
});

describe('the name of a workspace, which anybody can choose,', () => {
  it('is text in HTML too', () => {
    const { html } = invitation('<img src=x onerror="alert(1)">&');
    expect(html).not.toMatch(/<img|"alert|&(?!\w+;|#\d+;)/);
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;');
  });

  it('ends no line, and begins no header', () => {
    expect(invitation('A\r\nBcc: x@c.example\u2028\u0000B').subject).toBe(
      'Invitation to A Bcc: x@\u200cc.\u200cexample B',
    );
  });

  it('becomes no link, and not longer than a name', () => {
    const { text } = invitation(`https://evil.example/${'x'.repeat(500)}`);
    expect(text).not.toContain('evil.example');
    expect(text).not.toContain('x'.repeat(60));
  });
});
