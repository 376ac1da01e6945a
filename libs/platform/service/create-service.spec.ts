import { Writable } from 'node:stream';
import { Body, Controller, Delete, Get, Module, Param, Post, Query } from '@nestjs/common';
import { AppError, type RequestId } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ReadinessRegistry } from '../health/readiness';
import { ClientIp } from '../http/client-ip';
import { hotRoute } from '../http/hot-route';
import { BODY_BYTES_MAX } from '../http/json-body';
import { CurrentRequestId } from '../http/request-id';
import { zodBody } from '../http/zod-pipes';
import { createLogger } from '../logging/logger';
import { createService } from './create-service';
import type { Service } from './service';

const body = z.strictObject({ name: z.string().min(1).max(BODY_BYTES_MAX) });

@Controller()
class ThingsController {
  @Get('api/v1/things/:id')
  get(@Param('id') id: string, @CurrentRequestId() requestId: RequestId, @ClientIp() ip: string | undefined) {
    return { id, requestId, ip };
  }

  @Post(['api/v1/things', 'api/keys'])
  create(@Body(zodBody(body)) input: z.infer<typeof body>) {
    return { length: input.name.length };
  }

  @Delete('api/v1/things/:id')
  remove(@Param('id') id: string) {
    return { id };
  }

  @Get('api/v1/fail')
  fail(@Query('how') how: string) {
    if (how === 'conflict') throw new AppError('claim.taken', { field: 'name', details: { id: 'x' } });
    if (how === 'postgres') throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    throw new Error('password=hunter2', { cause: Object.assign(new Error('deep'), { parameters: ['hunter3'] }) });
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

describe('a service', () => {
  let service: Service;
  const readiness = new ReadinessRegistry();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });

  beforeAll(async () => {
    service = await createService({
      name: 'things',
      module: ThingsModule,
      config: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] },
      logger: createLogger({ service: 'things', destination }),
      readiness,
      routes: (fastify) => {
        fastify.get('/raw', () => {
          throw new AppError('auth.forbidden');
        });
        fastify.get('/hot', hotRoute, (request: FastifyRequest<{ Querystring: { fail?: string } }>) => {
          if (request.query.fail) throw new AppError('auth.unauthorized');
          return { ok: true };
        });
      },
    });
  });
  afterAll(() => service.stop());

  const post = (url: string, payload: string, contentType = 'application/json') =>
    service.fastify.inject({ method: 'POST', url, payload, headers: { 'content-type': contentType } });

  const jsonOf = (length: number) => {
    const around = JSON.stringify({ name: '' }).length;
    return JSON.stringify({ name: 'x'.repeat(length - around) });
  };

  it('takes a body of exactly 1 MiB, and refuses one byte more in the envelope of the surface', async () => {
    expect((await post('/api/v1/things', jsonOf(BODY_BYTES_MAX))).statusCode).toBe(201);

    const problem = await post('/api/v1/things', jsonOf(BODY_BYTES_MAX + 1));
    expect(problem.statusCode).toBe(413);
    expect(problem.headers['content-type']).toContain('application/problem+json');
    expect(problem.json()).toMatchObject({ status: 413, code: 'request.too_large' });

    const s4e = await post('/api/keys', jsonOf(BODY_BYTES_MAX + 1));
    expect(s4e.statusCode).toBe(413);
    expect(s4e.json()).toEqual({
      status: 'error',
      error: { code: 'payload_too_large', message: 'The body is larger than 1 MB.' },
    });
  });

  it.each([
    ['JSON nested 5,000 deep', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['objects nested 5,000 deep', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['5,000 brackets that never close', '['.repeat(5_000)],
    ['__proto__', '{"name":"a","__proto__":{"admin":true}}'],
    ['an escaped __proto__', '{"name":"a","\\u005f_proto__":{"admin":true}}'],
    ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
    ['half a document', '{"name":'],
    ['no JSON', 'name=a'],
    ['no body', ''],
    ['null', 'null'],
    ['an unknown field', '{"name":"a","role":"admin"}'],
    ['a wrong type', '{"name":7}'],
  ])('refuses %s with 400 on every surface', async (_what, payload) => {
    for (const url of ['/api/v1/things', '/api/keys']) {
      const reply = await post(url, payload);
      expect(reply.statusCode).toBe(400);
      expect(reply.headers['content-type']).toContain(url === '/api/keys' ? 'application/json' : 'problem+json');
    }
  });

  it('takes brackets inside strings for what they are', async () => {
    expect((await post('/api/v1/things', JSON.stringify({ name: `"\\${'['.repeat(100)}` }))).statusCode).toBe(201);
  });

  it('says which field is wrong, and names an unknown one', async () => {
    expect((await post('/api/v1/things', '{"name":"a","role":"b"}')).json()).toMatchObject({
      code: 'request.invalid',
      field: 'role',
      detail: 'Unknown field "role".',
    });
    expect((await post('/api/keys', '{}')).json()).toEqual({
      status: 'error',
      error: { code: 'invalid_request', message: '"name" is required.', field: 'name' },
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data; boundary=x'])(
    'refuses a body of type %s with 415',
    async (type) => expect((await post('/api/v1/things', '{"name":"a"}', type)).statusCode).toBe(415),
  );

  it('takes an empty body of type JSON with a DELETE', async () => {
    const reply = await service.fastify.inject({
      method: 'DELETE',
      url: '/api/v1/things/7',
      headers: { 'content-type': 'application/json' },
    });
    expect(reply.json()).toEqual({ id: '7' });
  });

  it.each(['/api/v1/things', '/api/v1/things/1/', '/api//v1/things/1', '/API/v1/things/1', '/api/v1/things/'])(
    'has nothing at %s',
    async (url) => expect([404, 405]).toContain((await service.fastify.inject({ url })).statusCode),
  );

  it('answers 405 with Allow where an address takes other methods', async () => {
    const reply = await service.fastify.inject({ method: 'PATCH', url: '/api/v1/things/7' });
    expect(reply.statusCode).toBe(405);
    expect(reply.headers['allow']).toBe('DELETE, GET, HEAD');
    expect(reply.json()).toMatchObject({ code: 'route.method_not_allowed' });
  });

  it('answers an address that is no valid URL with 404 in the envelope', async () => {
    const reply = await service.fastify.inject({ url: '/api/keys/%ff' });
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toMatchObject({ status: 'error', error: { code: 'not_found' } });
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await service.fastify.inject({ url: `/api/v1/things/${'x'.repeat(600)}` })).statusCode).toBe(404);
  });

  it('S2-14 keeps a safe X-Request-ID: reply, handler and log have it', async () => {
    const reply = await service.fastify.inject({ url: '/api/v1/things/7', headers: { 'x-request-id': 'abc_1-Z' } });
    expect(reply.headers['x-request-id']).toBe('abc_1-Z');
    expect(reply.json()).toMatchObject({ requestId: 'abc_1-Z' });
    expect(lines.join('')).toContain('"request_id":"abc_1-Z"');
  });

  it('logs no key that stands in an address', async () => {
    const secret = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6';
    for (const key of [`s4e_live_${secret}`, `s4e%5flive_${secret}`]) {
      await service.fastify.inject({ url: `/api/v1/things/${key}` });
      await service.fastify.inject({ url: `/nowhere/${key}` });
    }
    expect(lines.join('')).toContain('s4e_live_[secret]');
    expect(lines.join('')).not.toContain(secret);
  });

  it.each(['a b', 'x'.repeat(65), 'a\tb', '<script>', 'a,b', '', 's4e_live_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6'])(
    'replaces the unsafe X-Request-ID %j, on errors too',
    async (sent) => {
      for (const url of ['/api/v1/things/7', '/nowhere']) {
        const reply = await service.fastify.inject({ url, headers: { 'x-request-id': sent } });
        expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      }
    },
  );

  it('gives the code, field and details of an expected error', async () => {
    expect((await service.fastify.inject({ url: '/api/v1/fail?how=conflict' })).json()).toEqual({
      type: 'urn:latchkey:error:claim.taken',
      title: 'This value is taken.',
      status: 409,
      detail: 'This value is taken.',
      code: 'claim.taken',
      field: 'name',
      id: 'x',
      request_id: expect.any(String) as string,
    });
  });

  it('answers 503 with Retry-After while Postgres is away', async () => {
    const reply = await service.fastify.inject({ url: '/api/v1/fail?how=postgres' });
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
  });

  it('keeps the insides of an unexpected error out of the reply, and what hangs on its causes out of the log', async () => {
    lines.length = 0;
    const reply = await service.fastify.inject({ url: '/api/v1/fail?how=surprise&token=hunter4' });
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toMatchObject({ code: 'service.internal', detail: 'Something went wrong on our side.' });
    expect(reply.body).not.toContain('hunter');
    expect(lines.join('')).toContain('deep');
    expect(lines.join('')).not.toMatch(/hunter[34]/);
  });

  it('gives errors of raw routes the same envelope', async () => {
    const reply = await service.fastify.inject({ url: '/raw' });
    expect([reply.statusCode, reply.json()]).toMatchObject([403, { code: 'auth.forbidden' }]);
  });

  it('takes the right-most address that is no trusted proxy for the client (C15)', async () => {
    const ipOf = async (forwarded: string, remoteAddress = '127.0.0.1') =>
      (
        await service.fastify.inject({
          url: '/api/v1/things/7',
          remoteAddress,
          headers: { 'x-forwarded-for': forwarded },
        })
      ).json<{ ip: string }>().ip;
    expect(await ipOf('6.6.6.6, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9');
    expect(await ipOf('::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(await ipOf('203.0.113.9', '::ffff:10.9.9.9')).toBe('203.0.113.9');
    expect(await ipOf('6.6.6.6', '198.51.100.1')).toBe('198.51.100.1');
    expect(await ipOf('6.6.6.6, unknown')).toBeUndefined();
  });

  it('tells on /readyz which parts fail, and nothing about why', async () => {
    expect((await service.fastify.inject({ url: '/readyz' })).json()).toEqual({ status: 'ready' });
    const removeA = readiness.add('redis', () => Promise.reject(new Error('redis://:secret@host')));
    const removeB = readiness.add('kafka', () => new Promise(() => undefined), 5);
    const reply = await service.fastify.inject({ url: '/readyz' });
    expect([reply.statusCode, reply.json()]).toEqual([503, { status: 'not_ready', failing: ['kafka', 'redis'] }]);
    removeA();
    removeB();
    expect((await service.fastify.inject({ url: '/healthz' })).statusCode).toBe(200);
    expect((await service.fastify.inject({ url: '/readyz' })).statusCode).toBe(200);
  });

  it('sends security headers', async () => {
    expect((await service.fastify.inject({ url: '/nowhere' })).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.any(String) as string,
    });
  });

  it('logs a hot route when it fails and not when it goes well, and spares it what is for browsers', async () => {
    const fine = await service.fastify.inject({ url: '/hot', headers: { 'x-request-id': 'hot-fine' } });
    expect(fine.headers['x-request-id']).toBe('hot-fine');
    expect(fine.headers['content-security-policy']).toBeUndefined();
    await service.fastify.inject({ url: '/hot?fail=1', headers: { 'x-request-id': 'hot-failed' } });
    expect(lines.join('')).toContain('hot-failed');
    expect(lines.join('')).not.toContain('hot-fine');
  });

  it('measures requests by the pattern of their route', async () => {
    await service.fastify.inject({ url: '/api/v1/things/secret-id' });
    const text = await service.metrics.metrics();
    expect(text).toContain('route="/api/v1/things/:id"');
    expect(text).not.toContain('secret-id');
  });
});
