import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { certificateFilesOf, makeCertificates } from '@latchkey/certificates';
import { GrpcCheckClient } from '@latchkey/guard';
import { grpcChannelCredentials, grpcServerCredentials, TlsFiles } from '@latchkey/platform';
import { UNRESTRICTED, type Callers } from '../../application/callers';
import { refused } from '../../application/check-result';
import { GrpcCheckServer } from './grpc-check-server';

describe('the check over gRPC with TLS', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
  const opened: TlsFiles[] = [];
  const filesOf = (service: string) => {
    const files = new TlsFiles(certificateFilesOf(dir, service), { onError: () => {} });
    opened.push(files);
    return files;
  };
  const ca = () => readFileSync(certificateFilesOf(dir, 'audit').ca);
  const named = new Set<string>();
  /** A service's certificate will do, or a token. */
  const callers: Callers = {
    admit: ({ certificate, authorization }) => {
      if (certificate !== null) named.add(certificate);
      return certificate !== null || authorization === 'Bearer good' ? UNRESTRICTED : { verdict: 'unauthenticated' };
    },
  };
  let server: GrpcCheckServer;
  let address: string;

  beforeAll(async () => {
    await makeCertificates({ dir, services: { enforcement: [], audit: [] } });
    server = new GrpcCheckServer({
      access: { checkFor: async () => refused('unknown', 0, 'owner') },
      callers,
      host: '127.0.0.1',
      port: 0,
      tls: grpcServerCredentials(filesOf('enforcement'), 'any'),
      onError: () => {},
    });
    address = await server.start();
  });
  afterAll(async () => {
    await server.stop();
    for (const files of opened) files.close();
    rmSync(dir, { recursive: true });
  });

  async function asked(channel: ChannelCredentials, token?: string) {
    const client = new GrpcCheckClient([address], { credentials: channel, ...(token && { token: () => token }) });
    try {
      return (await client.check({ credential: 'x' })).reason;
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      client.close();
    }
  }
  /** No certificate of its own. */
  const anonymous = () => credentials.createSsl(ca(), null, null, { checkServerIdentity: () => undefined });

  it('knows a service by its certificate', async () => {
    expect(await asked(grpcChannelCredentials(filesOf('audit'), 'enforcement'))).toBe('unknown');
    expect([...named]).toEqual(['audit']);
  });

  it('knows others by their token, and nobody by nothing', async () => {
    expect(await asked(anonymous(), 'good')).toBe('unknown');
    expect(await asked(anonymous(), 'bad')).toBe('auth.unavailable');
    expect(await asked(anonymous())).toBe('auth.unavailable');
  });

  it('a client believes only who has the name of a node, and a node speaks no plain text', async () => {
    expect(await asked(grpcChannelCredentials(filesOf('audit'), 'issuance'))).toBe('auth.unavailable');
    expect(await asked(credentials.createInsecure(), 'good')).toBe('auth.unavailable');
  });
});
