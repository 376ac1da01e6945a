import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { HttpCheckClient, type HttpCheckClientOptions } from './http-check-client';
import { allowed } from './testing/check-results';

describe('the check over HTTP with TLS', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
  const renewed = path.join(dir, 'renewed');
  const seen: { authorization?: string | undefined; certificate?: string | undefined; port?: number | undefined }[] =
    [];
  let node: Server;
  let client: HttpCheckClient | undefined;

  const tlsOf = (service: string, folder = dir) => {
    const { ca, cert, key } = certificateFilesOf(folder, service);
    return { ca: readFileSync(ca, 'utf8'), cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  };

  beforeAll(async () => {
    await makeCertificates({ dir, services: { enforcement: [], audit: [], issuance: [] } });
    await makeCertificates({ dir: renewed, services: { enforcement: [] } });
    node = createServer({ ...tlsOf('enforcement'), requestCert: true, rejectUnauthorized: false }, (request, reply) => {
      const socket = request.socket as TLSSocket;
      const certificate = socket.getPeerX509Certificate()?.subject;
      seen.push({ authorization: request.headers.authorization, certificate, port: socket.remotePort });
      request.resume().on('end', () => reply.end(JSON.stringify(allowed)));
    });
    await once(node.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(() => seen.splice(0));
  afterEach(() => client?.close());
  afterAll(async () => {
    await once(node.close(), 'close');
    rmSync(dir, { recursive: true });
  });

  const check = (options: HttpCheckClientOptions) => {
    client?.close();
    client = new HttpCheckClient([`https://127.0.0.1:${(node.address() as AddressInfo).port}`], options);
    return client.check({ credential: 'x' });
  };

  it('shows its certificate, and its token', async () => {
    const tokens = ['first', 'second'];
    await check({ tls: tlsOf('audit'), serverName: 'enforcement', token: () => tokens.shift() ?? '' });
    await client?.check({ credential: 'x' });
    expect(seen.map(({ authorization, certificate }) => [authorization, certificate])).toEqual([
      ['Bearer first', 'CN=audit'],
      ['Bearer second', 'CN=audit'],
    ]);
  });

  it('keeps its connections until its certificate is another', async () => {
    let tls = tlsOf('audit');
    await check({ tls: () => tls, serverName: 'enforcement' });
    await client?.check({ credential: 'x' });
    tls = tlsOf('issuance');
    await client?.check({ credential: 'x' });
    expect(seen.map(({ certificate }) => certificate)).toEqual(['CN=audit', 'CN=audit', 'CN=issuance']);
    expect(new Set(seen.map(({ port }) => port)).size).toBe(2);
  });

  it.each<[string, () => HttpCheckClientOptions]>([
    ['of another name', () => ({ tls: tlsOf('audit'), serverName: 'issuance' })],
    ['of another address', () => ({ tls: tlsOf('audit') })],
    ['of another authority', () => ({ tls: tlsOf('enforcement', renewed), serverName: 'enforcement' })],
    ['of an authority that the system does not know', () => ({ serverName: 'enforcement' })],
  ])('tells nothing to a node %s', async (_, options) => {
    await expect(check({ ...options(), token: () => 'token' })).rejects.toMatchObject({ code: 'auth.unavailable' });
    expect(seen).toEqual([]);
  });
});
