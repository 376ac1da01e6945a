import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  certificateFilesOf,
  makeAuthority,
  makeCertificate,
  makeCertificates,
  type Certificate,
} from '@latchkey/certificates';
import { eventually } from '@latchkey/testing';
import fastifyServer, { type FastifyInstance } from 'fastify';
import { ConfigError } from '../config/load-config';
import { createLogger } from '../logging/logger';
import { fastifyOptions } from '../service/fastify-options';
import { followTlsFiles, certifiedName } from './https';
import { TlsFiles, type TlsPaths } from './tls-files';

const dir = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
const paths = certificateFilesOf(dir, 'enforcement');
const CALLER = 'audit';
const ofAnother = certificateFilesOf(dir, CALLER);
const failures: unknown[] = [];
const opened: TlsFiles[] = [];

function open(given: Partial<TlsPaths> = {}): TlsFiles {
  const files = new TlsFiles({ ...paths, ...given }, { onError: (error) => failures.push(error), reloadMs: 20 });
  opened.push(files);
  return files;
}
const read = (file: string) => readFileSync(file, 'utf8');

beforeAll(() => makeCertificates({ dir, services: { enforcement: ['127.0.0.1'], audit: [], 'assets-api': [] } }));
afterEach(() => {
  for (const files of opened.splice(0)) files.close();
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('TLS files', () => {
  const written = (text: string) => {
    const file = path.join(dir, 'written.pem');
    writeFileSync(file, text);
    return file;
  };
  const problemsWith = (given: Partial<TlsPaths>) => {
    try {
      open(given);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.problems : [String(error)];
    }
  };

  it('are refused by the name of the variable, and never with what is in them', async () => {
    const expired = await makeCertificate(
      { cert: read(paths.ca), key: read(path.join(dir, 'ca-key.pem')) },
      { name: 'enforcement', days: 0 },
    );
    const key = path.join(dir, 'expired-key.pem');
    writeFileSync(key, expired.key);
    expect(problemsWith({ cert: path.join(dir, 'none') })).toEqual(['LATCHKEY_TLS_CERT: the file cannot be read.']);
    expect(problemsWith({ cert: paths.key })).toEqual(['LATCHKEY_TLS_CERT: the file holds no PEM certificate.']);
    expect(problemsWith({ key: written('hunter2') })).toEqual([
      'LATCHKEY_TLS_KEY: the file holds no PEM private key without a passphrase.',
    ]);
    expect(problemsWith({ key: ofAnother.key })).toEqual([
      'LATCHKEY_TLS_KEY: the file is not the key of LATCHKEY_TLS_CERT.',
    ]);
    expect(problemsWith({ cert: written(expired.cert), key })).toEqual(['LATCHKEY_TLS_CERT: the file has expired.']);
    expect(problemsWith({ ca: paths.cert })).toEqual([
      'LATCHKEY_TLS_CA: the file is not the certificate of an authority.',
    ]);
  });

  it('are read again when they change, and stay in force while what is there cannot be used', async () => {
    const files = open();
    const first = files.current;
    const told: unknown[] = [];
    files.onChange((material) => told.push(material));
    writeFileSync(paths.cert, 'half a file');
    await eventually(() => expect(failures.length).toBeGreaterThan(0));
    expect(files.current).toBe(first);
    await makeCertificates({ dir, services: { enforcement: ['127.0.0.1'] } });
    await eventually(() => expect(told).toEqual([files.current]));
    expect(files.current).not.toEqual(first);
  });
});

describe('HTTP over TLS', () => {
  let server: FastifyInstance;
  let files: TlsFiles;
  let stranger: Certificate;
  const sockets: TLSSocket[] = [];
  const ca = () => read(paths.ca);
  const certified = () => ({ cert: read(ofAnother.cert), key: read(ofAnother.key) });
  const port = () => (server.server.address() as AddressInfo).port;

  beforeAll(async () => {
    stranger = await makeCertificate(await makeAuthority(), { name: 'audit', days: 1 });
  });
  beforeEach(async () => {
    files = open();
    server = fastifyServer(
      fastifyOptions(createLogger({ service: 'test', level: 'silent' }), files),
    ) as unknown as FastifyInstance;
    followTlsFiles(server.server as unknown as Parameters<typeof followTlsFiles>[0], files);
    server.get('/', (call, reply) =>
      reply.send({
        certified: certifiedName(call.raw.socket),
        authorized: Reflect.get(call.raw.socket, 'authorized') as boolean,
      }),
    );
    await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  const get = async (options: RequestOptions) => {
    const call = request({
      host: '127.0.0.1',
      port: port(),
      agent: false,
      ca: ca(),
      servername: 'enforcement',
      ...options,
    }).end();
    const [reply] = (await once(call, 'response')) as [NodeJS.ReadableStream];
    let text = '';
    for await (const chunk of reply) text += String(chunk);
    return JSON.parse(text) as { certified: string | null };
  };

  it('knows who has a certificate of the authority from who has none, or one of another', async () => {
    expect(await get(certified())).toMatchObject({ certified: CALLER });
    expect(await get({})).toMatchObject({ certified: null });
    expect(await get({ cert: stranger.cert, key: stranger.key })).toMatchObject({ certified: null });
  });

  it('does not take a session that was begun without a certificate for a certificate', async () => {
    const session = await sessionOf({});
    const [resumed, answer] = await ask({ session });
    // Node says that it is authorized: what it says alone would let anybody in.
    expect([resumed, answer]).toEqual([true, { certified: null, authorized: true }]);
  });

  it('is known to its clients by the name of the service', async () => {
    await expect(get({ servername: 'issuance' })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('speaks neither plain HTTP nor what is older than TLS 1.2', async () => {
    await expect(fetch(`http://127.0.0.1:${port()}/`)).rejects.toThrow();
    await expect(get({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow();
  });

  it('shows a renewed certificate to new connections', async () => {
    const shown = async () => (await connected({})).getPeerCertificate().fingerprint256;
    const before = await shown();
    await makeCertificates({ dir, services: { enforcement: ['127.0.0.1'] } });
    await eventually(async () => expect(await shown()).not.toBe(before));
  });

  async function connected(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port: port(), ca: ca(), servername: 'enforcement', ...options });
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Of TLS 1.3, where tickets come after the handshake. */
  async function sessionOf(options: ConnectionOptions): Promise<Buffer> {
    const socket = await connected(options);
    const [session] = (await once(socket, 'session')) as [Buffer];
    return session;
  }

  async function ask(options: ConnectionOptions): Promise<[boolean, unknown]> {
    const socket = await connected(options);
    const resumed = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: enforcement\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return [resumed, JSON.parse(text.split('\r\n\r\n')[1] ?? '')];
  }
});
