import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  Client,
  credentials,
  ServerCredentials,
  status,
  type ChannelCredentials,
  type handleUnaryCall,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { certificateFilesOf, makeAuthority, makeCertificate, makeCertificates } from '@latchkey/certificates';
import type { SubjectRef } from '@latchkey/contracts';
import { GrpcOwnerClient } from './grpc-owner-client';
import { GrpcOwnerServer } from './grpc-owner-server';

const refs: SubjectRef[] = [{ kind: 'user', id: 'u1' }];
const same = (bytes: Buffer) => bytes;
/** A method that the owner serves besides. */
const further: MethodDefinition<Buffer, Buffer> = {
  path: '/latchkey.test.Further/Ask',
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const echo: handleUnaryCall<Buffer, Buffer> = (call, callback) => callback(null, call.request);
const answer = [{ kind: 'user', id: 'u1', version: 0, body: null }];

describe('an owner with certificates', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
  const closing: (() => Promise<void> | void)[] = [];
  beforeAll(() =>
    makeCertificates({
      dir,
      services: {
        identity: [],
        issuance: [],
        oauth: [],
        enforcement: [],
        'assets-api': [],
        '*': [],
        'not-enforcement': ['enforcement.example.com', 'xn--enforcement'],
      },
    }),
  );
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const pem = (service: string) => {
    const { ca, cert, key } = certificateFilesOf(dir, service);
    return [readFileSync(ca), readFileSync(key), readFileSync(cert)] as const;
  };
  const clientOf = (service: string): ChannelCredentials => credentials.createSsl(...pem(service));

  async function serve(as = 'identity') {
    const [ca, private_key, cert_chain] = pem(as);
    const server = new GrpcOwnerServer({
      owner: 'identity',
      host: '127.0.0.1',
      port: 0,
      tls: ServerCredentials.createSsl(ca, [{ private_key, cert_chain }], true),
      subjects: { read: async (asked) => asked.map((ref) => ({ ...ref, version: 0, body: null })) },
      also: [{ definition: { Ask: further }, implementation: { Ask: echo }, clients: ['issuance'] }],
      onError: () => {},
    });
    closing.push(() => server.stop());
    return server.start();
  }

  function connect(address: string, tls?: ChannelCredentials) {
    const client = new GrpcOwnerClient({ owner: 'identity', addresses: [address], ...(tls && { tls }) });
    closing.push(() => client.close());
    return client;
  }

  /** The code of gRPC behind the failure. */
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'answered',
      (error: { cause?: { code?: status } }) => error.cause?.code,
    );

  it.each(['identity', 'enforcement', 'issuance', 'oauth'])('answers to %s', async (service) => {
    expect(await connect(await serve(), clientOf(service)).read(refs)).toEqual(answer);
  });

  it.each(['assets-api', 'not-enforcement', '*'])(
    'refuses whoever has a certificate with the name %s alone',
    async (service) => {
      const client = connect(await serve(), clientOf(service));
      expect(await refusal(client.read(refs))).toBe(status.PERMISSION_DENIED);
      expect(await refusal(client.resolve([new Uint8Array(32)]))).not.toBe('answered');
    },
  );

  it.each(['identity', 'oauth'])('shows no credential to %s, which depends on subjects alone', async (service) => {
    const client = connect(await serve(), clientOf(service));
    expect(await refusal(client.resolve([new Uint8Array(32)]))).toBe(status.PERMISSION_DENIED);
  });

  it('says no word to who has no certificate, one of another authority, or no TLS', async () => {
    const address = await serve();
    const [ca] = pem('identity');
    const stranger = await makeCertificate(await makeAuthority(), { name: 'enforcement', days: 1 });
    const strangers = [
      credentials.createSsl(ca),
      credentials.createSsl(ca, Buffer.from(stranger.key), Buffer.from(stranger.cert)),
      credentials.createInsecure(),
    ];
    for (const tls of strangers) {
      const client = connect(address, tls);
      expect(await refusal(client.read(refs))).not.toBe('answered');
      await expect(client.ready()).rejects.toThrow();
    }
  });

  it('answers what else it serves to those alone that it is for', async () => {
    const address = await serve();
    const ask = (service: string) => {
      const client = new Client(address, clientOf(service), { 'grpc.ssl_target_name_override': 'identity' });
      closing.push(() => client.close());
      return new Promise((resolve) => {
        client.makeUnaryRequest(further.path, same, same, Buffer.from('x'), (error, reply) =>
          resolve(error ? error.code : reply?.toString()),
        );
      });
    };
    expect(await ask('issuance')).toBe('x');
    expect(await ask('enforcement')).toBe(status.PERMISSION_DENIED);
  });

  it('is believed by its name alone', async () => {
    const client = connect(await serve('issuance'), clientOf('enforcement'));
    await expect(client.read(refs)).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(client.ready()).rejects.toThrow();
  });
});
