import { keyId, workspaceId } from '@latchkey/kernel';
import type { CredentialRef, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { GrpcOwnerClient, type GrpcOwnerClientOptions } from './grpc-owner-client';
import { GrpcOwnerServer, type GrpcOwnerServerOptions } from './grpc-owner-server';

const workspace: SubjectSnapshot = {
  kind: 'workspace',
  id: 'w1',
  version: 1,
  body: {
    kind: 'workspace',
    status: 'active',
    name: 'W',
    profile: 's4e',
    formerMembersKeys: 'end',
    secondFactor: 'optional',
  },
};
const credential: CredentialRef = { workspaceId: workspaceId('w1'), keyId: keyId('k1'), secretNumber: 1 };
const refs: SubjectRef[] = [{ kind: 'workspace', id: 'w1' }];
const unavailable = { code: 'service.unavailable' };

describe('asking an owner over gRPC', () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function serve(options: Partial<GrpcOwnerServerOptions> = {}) {
    const errors: unknown[] = [];
    const server = new GrpcOwnerServer({
      owner: 'identity',
      host: '127.0.0.1',
      port: 0,
      subjects: {
        read: async (asked) => asked.map((ref) => (ref.id === 'w1' ? workspace : { ...ref, version: 0, body: null })),
      },
      onError: (error) => errors.push(error),
      ...options,
    });
    const address = await server.start();
    closing.push(() => server.stop());
    return { server, address, errors };
  }

  function connect(address: string, options: Partial<GrpcOwnerClientOptions> = {}) {
    const client = new GrpcOwnerClient({ owner: 'identity', addresses: [address], ...options });
    closing.push(() => client.close());
    return client;
  }

  it('answers in the order of the question, and says which subjects do not exist', async () => {
    const { address } = await serve();
    const client = connect(address);
    await client.ready();
    expect(await client.read([{ kind: 'user', id: 'u9' }, ...refs])).toEqual([
      { kind: 'user', id: 'u9', version: 0, body: null },
      workspace,
    ]);
  });

  it('finds credentials by their digests', async () => {
    const { address } = await serve({
      owner: 'issuance',
      credentials: { resolve: async (digests) => digests.map((digest) => (digest[0] === 1 ? credential : null)) },
    });
    const client = connect(address, { owner: 'issuance' });
    expect(await client.resolve([new Uint8Array(32), new Uint8Array(32).fill(1)])).toEqual([null, credential]);
  });

  it('an owner without credentials cannot be asked for them', async () => {
    const { address } = await serve();
    await expect(connect(address).resolve([new Uint8Array(32)])).rejects.toMatchObject(unavailable);
  });

  it('a failure of the owner is unavailable, and its text stays with the owner', async () => {
    const { address, errors } = await serve({
      subjects: { read: () => Promise.reject(new Error('password of the database is hunter2')) },
    });
    const failure: unknown = await connect(address)
      .read(refs)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject(unavailable);
    expect(JSON.stringify([failure, String((failure as Error).cause)])).not.toContain('hunter2');
    expect(errors).toHaveLength(1);
  });

  it('an owner that does not answer in time is unavailable', async () => {
    const { address } = await serve({ subjects: { read: () => new Promise(() => undefined) } });
    const client = connect(address, { deadlineMs: 100 });
    const started = performance.now();
    await expect(client.read(refs)).rejects.toMatchObject(unavailable);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('beyond its capacity an ask is refused at once, and is taken again when there is room', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const { address } = await serve({ subjects: { read: () => held.then(() => [workspace]) } });
    const client = connect(address, { inFlightMax: 1, deadlineMs: 5_000 });
    const first = client.read(refs);
    await expect(client.read(refs)).rejects.toMatchObject(unavailable);
    answer();
    expect(await first).toEqual([workspace]);
    expect(await client.read(refs)).toEqual([workspace]);
  });

  it('asks about credentials do not use up the room of asks for subjects', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const { address } = await serve({
      owner: 'identity',
      credentials: { resolve: (digests) => held.then(() => digests.map(() => null)) },
    });
    const client = connect(address, { inFlightMax: 1, deadlineMs: 5_000 });
    const flood = client.resolve([new Uint8Array(32)]);
    await expect(client.resolve([new Uint8Array(32)])).rejects.toMatchObject(unavailable);
    expect(await client.read(refs)).toEqual([workspace]);
    answer();
    expect(await flood).toEqual([null]);
  });

  it('an owner that comes back is found again', async () => {
    const { server, address } = await serve();
    const client = connect(address);
    expect(await client.read(refs)).toEqual([workspace]);
    await server.stop();
    await expect(client.read(refs)).rejects.toMatchObject(unavailable);
    await serve({ port: Number(address.split(':')[1]) });
    expect(await eventually(() => client.read(refs))).toEqual([workspace]);
  });

  it('a call under way is answered while the server drains', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const read = () => {
      asked();
      return held.then(() => [workspace]);
    };
    const { server, address } = await serve({ subjects: { read } });
    const reply = connect(address, { deadlineMs: 5_000 }).read(refs);
    await arrived;
    const closed = server.stop();
    answer();
    expect(await reply).toEqual([workspace]);
    await closed;
  });

  it('is not served without certificates on an address that others can reach', () => {
    expect(
      () =>
        new GrpcOwnerServer({
          owner: 'identity',
          host: '0.0.0.0',
          port: 0,
          subjects: { read: async () => [] },
          onError: () => {},
        }),
    ).toThrow('for a loopback address alone');
  });
});
