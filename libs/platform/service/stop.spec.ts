import { request } from 'node:http';
import { Controller, Get, Module, type OnModuleDestroy } from '@nestjs/common';
import { createLogger } from '../logging/logger';
import { createService } from './create-service';
import { readyLine } from './run-service';
import type { Service } from './service';

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('stopping a service', () => {
  let arrived: Gate;
  let mayAnswer: Gate;
  let events: string[];
  let service: Service;
  let addresses: Awaited<ReturnType<Service['start']>>;

  @Controller()
  class SlowController implements OnModuleDestroy {
    @Get('slow')
    async slow() {
      arrived.open();
      await mayAnswer.opened;
      events.push('answered');
      return { done: true };
    }

    onModuleDestroy(): void {
      events.push('closed');
    }
  }

  @Module({ controllers: [SlowController] })
  class SlowModule {}

  const start = async (drainTimeoutMs: number) => {
    [arrived, mayAnswer, events] = [gate(), gate(), []];
    service = await createService({
      name: 'slow',
      module: SlowModule,
      config: { host: '127.0.0.1', port: 0, adminPort: 0, drainTimeoutMs },
      logger: createLogger({ service: 'slow', level: 'silent' }),
      listeners: [
        {
          name: 'grpc',
          start: () => Promise.resolve('127.0.0.1:50052'),
          stop: () => {
            events.push('grpc stopped');
            return Promise.resolve();
          },
        },
      ],
    });
    addresses = await service.start();
  };

  const get = (address: string | undefined) =>
    new Promise<{ status: number | undefined }>((resolve, reject) => {
      request(address ?? '', { agent: false }, (reply) => {
        reply.resume();
        reply.on('end', () => resolve({ status: reply.statusCode }));
      })
        .on('error', reject)
        .end();
    });

  it('tells where it listens in one line', async () => {
    await start(1_000);
    expect(readyLine('slow', addresses)).toMatch(
      /^latchkey slow ready http=http:\/\/127\.0\.0\.1:\d+ grpc=127\.0\.0\.1:50052 admin=http:\/\/127\.0\.0\.1:\d+$/,
    );
    await service.stop();
  });

  it('is not ready from the first moment, takes no new call, and answers the one in hand before its modules close', async () => {
    await start(10_000);
    const inHand = get(`${addresses['http']}/slow`);
    await arrived.opened;
    const stopped = service.stop();

    expect((await get(`${addresses['admin']}/readyz`)).status).toBe(503);
    expect((await get(`${addresses['admin']}/healthz`)).status).toBe(200);
    await expect(get(`${addresses['http']}/slow`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    mayAnswer.open();
    expect((await inHand).status).toBe(200);
    await stopped;
    expect(events).toEqual(['answered', 'grpc stopped', 'closed']);
    await expect(get(`${addresses['admin']}/healthz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('waits no longer than it may for a call that hangs', async () => {
    await start(20);
    const inHand = get(`${addresses['http']}/slow`).catch((error: unknown) => error);
    await arrived.opened;
    await service.stop();
    expect(await inHand).toMatchObject({ code: 'ECONNRESET' });
    mayAnswer.open();
  });

  it('does not wait for a call whose client went away', async () => {
    await start(60_000);
    const leaving = request(`${addresses['http']}/slow`).on('error', () => undefined);
    leaving.end();
    await arrived.opened;
    leaving.destroy();
    await service.stop();
    expect(events).toEqual(['grpc stopped', 'closed']);
    mayAnswer.open();
  });

  it('stops once, however often it is told', async () => {
    await start(1_000);
    await Promise.all([service.stop(), service.stop()]);
    expect(events).toEqual(['grpc stopped', 'closed']);
  });
});
