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

const key = { keyId: '01999999-0000-7000-8000-000000000001', name: 'CI deploy', workspace: 'ACME' };
const leak = {
  ...{ key, secretId: `${key.keyId}.2`, source: 'commit', reportedAt: at },
  url: 'https://github.com/octocat/hello/blob/1234/config.py?raw=1&x=2',
};
const leaked = (policy: 'notify' | 'rotate' | 'revoke', values: Partial<typeof leak> = {}) =>
  write({ to, template: 'key_leaked', values: { ...leak, ...values, policy } });

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};
/** What a reader of the HTML sees, word by word; of what can be opened, its label. */
const wordsSeen = (html: string): readonly string[] =>
  html
    .slice(html.indexOf('</h1>'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? '')
    .split(/\s+/)
    .filter((word) => word !== '');
const wordsOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

describe('a letter', () => {
  const messages: readonly MailMessage[] = [
    { to, template: 'invitation', values: { workspace: 'ACME', role: 'admin', expiresAt: at, token } },
    { to, template: 'password_reset', values: { expiresAt: at, token } },
    { to, template: 'email_code', values: { expiresAt: at, code: new Secret('123456') } },
    { to, template: 'second_factor_changed', values: { change: 'enrolled', method: 'totp' } },
    { to, template: 'password_changed', values: { at } },
    { to, template: 'account_locked', values: { until: at } },
    { to, template: 'key_expires', values: { key, daysBefore: 14, expiresAt: at } },
    { to, template: 'key_rotation_stalled', values: { key, lastUsedAt: at, graceUntil: at } },
    { to, template: 'key_leaked', values: { ...leak, policy: 'revoke' } },
  ];

  it.each(messages)('$template says the same in text and in HTML', (message) => {
    const { to: address, subject, text, html, link } = write(message);
    expect(address).toBe('Ada@b.example');
    expect(subject).toMatch(/^[\x20-\x7e]{5,100}$/);
    // In text a label ends in a colon, and what it opens stands below it.
    const inText = wordsOf(text.replace(`:\n${link}`, ''));
    expect(wordsSeen(html).map((word) => word.replace(/:$/, ''))).toEqual(inText.map((word) => word.replace(/:$/, '')));
  });

  it.each(messages)('$template loads nothing, runs nothing and sends nothing', (message) => {
    const { html } = write(message);
    expect(html).not.toMatch(
      /<(?:script|img|link|iframe|form|object|svg)|\son\w+=|\b(?:src|srcset|background)=|url\(|@import/i,
    );
  });

  it('leads to the installation, with the token where no server sees it', () => {
    const { link, text, html } = invitation('ACME');
    expect(link).toBe(`https://id.example.com/latchkey/accept-invitation#${token.reveal()}`);
    expect(text).toContain(`\n${link}\n`);
    expect(html).toContain(` href="${link}">Accept the invitation</a>`);
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
    expect(text).toMatch(/x…/);
  });
});

describe('a letter about a key', () => {
  it('that expires says which one and when, to who made it', () => {
    const { subject, text } = write({ to, template: 'key_expires', values: { key, daysBefore: 7, expiresAt: at } });
    expect(subject).toBe('API key expires on 2026-05-05: CI deploy');
    for (const fact of ['7 days', 'CI deploy', key.keyId, 'ACME', '2026-05-05 12:00 UTC']) expect(text).toContain(fact);
  });

  it('whose old secret is in use says until when that goes well, and where to see who it is', () => {
    const later = new Date('2026-05-06T18:00:00Z');
    const { text } = write({
      to,
      template: 'key_rotation_stalled',
      values: { key, lastUsedAt: at, graceUntil: later },
    });
    for (const fact of ['2026-05-05 12:00 UTC', '2026-05-06 18:00 UTC', `/api/v1/api-keys/${key.keyId}/rotation`])
      expect(text).toContain(fact);
  });

  it.each([
    ['notify', /still passes.*Rotate or revoke the key now/],
    ['rotate', /passes for a day at most.*Rotate the key now/],
    ['revoke', /it was revoked: nothing accepts it any more/],
  ] as const)('that was found in public (%s) says where, and what is done about it', (policy, said) => {
    const { text } = leaked(policy);
    expect(text).toMatch(said);
    for (const fact of [leak.secretId, leak.url, 'commit', '2026-05-05 12:00 UTC']) expect(text).toContain(fact);
  });

  it('is no page of whoever has named the key, nor has it headers of theirs', () => {
    const name = '<script>alert(1)</script>\r\nBcc: eve@c.example';
    const { subject, html, text } = leaked('revoke', { key: { ...key, name } });
    expect(subject).toBe('API key was found in public: <script>alert(1)</script> Bcc: eve@\u200cc.\u200cexample');
    expect(html).not.toMatch(/<script/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toMatch(/^Bcc/m);
  });

  it('says of a place no more than is read, in one line', () => {
    const { text } = leaked('notify', {
      url: `https://c.example/\r\nFound in: here\u202e${'x'.repeat(2_000)}`,
      source: '',
    });
    expect(text).not.toMatch(/^Found in: here/m);
    expect(text).not.toContain('x'.repeat(300));
    expect(text).toContain('\nFound in: not said\n');
  });
});
