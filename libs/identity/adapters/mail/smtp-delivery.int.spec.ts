import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { Secret } from '@latchkey/kernel';
import type { SmtpServer } from '@latchkey/platform';
import type { SMTPServerOptions } from 'smtp-server';
import { smtpReply, startMailServer, type MailServer } from '@latchkey/testing';
import type { Letter } from './letter';
import { SmtpDelivery, type SmtpOptions } from './smtp-delivery';

const letter: Letter = { to: 'ada@b.example', subject: 'A letter', text: 'Words.', html: '<p>Words.</p>', link: null };
const ID = '01900000-0000-7000-8000-000000000001';

describe('a mail over SMTP', () => {
  const stops: (() => Promise<void>)[] = [];
  let pem: { key: string; cert: string; ca: string };
  beforeAll(async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'smtp-'));
    stops.push(() => rm(dir, { recursive: true }));
    await makeCertificates({ dir, services: { mail: ['127.0.0.1'] } });
    const files = certificateFilesOf(dir, 'mail');
    const read = (file: string) => readFile(file, 'utf8');
    pem = { key: await read(files.key), cert: await read(files.cert), ca: await read(files.ca) };
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  async function server(options?: SMTPServerOptions): Promise<MailServer> {
    const started = await startMailServer(options);
    stops.push(() => started.stop());
    return started;
  }
  const deliveryTo = (port: number, fields: Partial<SmtpServer> = {}, options: Partial<SmtpOptions> = {}) =>
    new SmtpDelivery({
      server: { host: '127.0.0.1', port, tls: 'none', login: null, ...fields },
      from: 'latchkey@id.example',
      timeouts: { connectMs: 1_000, silenceMs: 500, allMs: 5_000 },
      ...options,
    });

  it('comes as it was written, from whom it should, marked as no answer to anybody', async () => {
    const { port, received } = await server();
    expect(await deliveryTo(port).deliver(letter, ID)).toEqual({ kind: 'delivered' });
    const [mail] = received;
    expect(mail).toMatchObject({ from: 'latchkey@id.example', to: ['ada@b.example'] });
    expect(mail?.raw).toMatch(/^From: Latchkey <latchkey@id.example>\r\nTo: ada@b.example\r\nSubject: A letter\r\n/m);
    expect(mail?.raw).toContain('Auto-Submitted: auto-generated');
    expect(mail?.raw).toMatch(/text\/plain[^]*Words\.[^]*text\/html[^]*<p>Words\.<\/p>/);
  });

  it('that comes twice has one Message-ID', async () => {
    const { port, received } = await server();
    await deliveryTo(port).deliver(letter, ID);
    await deliveryTo(port).deliver(letter, ID);
    const ids = received.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)?.[1]);
    expect(ids).toEqual([`<${ID}@id.example>`, `<${ID}@id.example>`]);
  });

  it('has no header and no recipient but its own, whatever is in its subject and address', async () => {
    const { port, received } = await server();
    const subject = 'A\r\nBcc: evil@c.example\r\n\r\nHello';
    await deliveryTo(port).deliver({ ...letter, subject }, ID);
    expect(received[0]?.to).toEqual(['ada@b.example']);
    const [headers = ''] = received[0]?.raw.split('\r\n\r\n') ?? [];
    expect(headers).not.toMatch(/^bcc:/im);

    await deliveryTo(port).deliver({ ...letter, to: 'ada@b.example>, <evil@c.example' }, ID);
    await deliveryTo(port).deliver({ ...letter, to: 'ada@b.example\r\nRCPT TO:<evil@c.example>' }, ID);
    await deliveryTo(port).deliver({ ...letter, to: 'ada@b.example, evil@c.example' }, ID);
    for (const { to } of received) expect(to).not.toContain('evil@c.example');
    for (const { to } of received) expect(to).toHaveLength(1);
  });

  it('is refused for good where the server refuses its recipient or its words', async () => {
    const nobody = await server({
      onRcptTo: (_address, _session, done) => done(smtpReply(550, '<ada@b.example> unknown')),
    });
    const picky = await server({
      onData: (stream, _session, done) => stream.resume().on('end', () => done(smtpReply(554))),
    });
    expect(await deliveryTo(nobody.port).deliver(letter, ID)).toEqual({
      ...{ kind: 'refused', reason: 'EENVELOPE RCPT TO 550' },
    });
    expect(await deliveryTo(picky.port).deliver(letter, ID)).toEqual({ kind: 'refused', reason: 'EMESSAGE DATA 554' });
  });

  it('may be better next time where the server is busy, or refuses us', async () => {
    const busy = await server({ onRcptTo: (_address, _session, done) => done(smtpReply(450)) });
    const full = await server({
      onData: (stream, _session, done) => stream.resume().on('end', () => done(smtpReply(452))),
    });
    const closed = await server({ onMailFrom: (_address, _session, done) => done(smtpReply(530)) });
    const locked = await server({ onAuth: (_auth, _session, done) => done(smtpReply(535)), allowInsecureAuth: true });
    const login = { username: 'u', password: new Secret('p') };
    expect(await deliveryTo(busy.port).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
    expect(await deliveryTo(full.port).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
    expect(await deliveryTo(closed.port).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
    expect(await deliveryTo(locked.port, { login }).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
  });

  it('is given up for now where nobody listens, and where nobody says a word', async () => {
    const { port, stop } = await startMailServer();
    await stop();
    expect(await deliveryTo(port).deliver(letter, ID)).toMatchObject({ kind: 'failed' });

    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    stops.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port: silentPort } = silent.address() as AddressInfo;
    expect(await deliveryTo(silentPort).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
  });

  it('is given up for now where a server draws it out, a word at a time', async () => {
    const slow = createServer((socket) => {
      socket.on('error', () => undefined);
      const drip = setInterval(() => socket.write('220-wait\r\n'), 50);
      socket.on('close', () => clearInterval(drip));
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    stops.push(() => new Promise((resolve) => slow.close(() => resolve())));
    const { port } = slow.address() as AddressInfo;
    const timeouts = { connectMs: 10_000, silenceMs: 10_000, allMs: 300 };
    expect(await deliveryTo(port, {}, { timeouts }).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
  });

  describe('with TLS', () => {
    it.each(['starttls', 'implicit'] as const)('(%s) goes over it, with the login behind it', async (tls) => {
      const { key, cert, ca } = pem;
      const logins: unknown[] = [];
      const { port, received } = await server({
        ...{ key, cert, secure: tls === 'implicit', authOptional: false },
        onAuth: ({ username, password }, { secure }, done) => {
          logins.push([username, password, secure]);
          done(null, { user: username });
        },
      });
      const login = { username: 'u', password: new Secret('p') };
      expect(await deliveryTo(port, { tls, login }, { ca }).deliver(letter, ID)).toEqual({ kind: 'delivered' });
      expect([received[0]?.secure, logins]).toEqual([true, [['u', 'p', true]]]);
    });

    it.each(['starttls', 'implicit'] as const)('(%s) does not go to a server of an unknown authority', async (tls) => {
      const { key, cert } = pem;
      const { port, received } = await server({ key, cert, secure: tls === 'implicit' });
      expect(await deliveryTo(port, { tls }).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
      expect(received).toEqual([]);
    });

    it('does not go to a server with a certificate for another name', async () => {
      const { key, cert, ca } = pem;
      const { port, received } = await server({ key, cert });
      const other = deliveryTo(port, { tls: 'starttls', host: 'localhost' }, { ca });
      expect(await other.deliver(letter, ID)).toMatchObject({ kind: 'failed' });
      expect(received).toEqual([]);
    });

    it('goes nowhere in the clear where the server offers none, not even the login', async () => {
      const commands: string[] = [];
      const { port, received } = await server({
        allowInsecureAuth: true,
        onAuth: (_auth, _session, done) => {
          commands.push('AUTH');
          done(null, { user: 'u' });
        },
      });
      const login = { username: 'u', password: new Secret('p') };
      expect(await deliveryTo(port, { tls: 'starttls', login }).deliver(letter, ID)).toMatchObject({ kind: 'failed' });
      expect([received, commands]).toEqual([[], []]);
    });
  });
});
