import { Writable } from 'node:stream';
import { Secret } from '@latchkey/kernel';
import { createLogger } from './logger';

describe('the log', () => {
  const written = (write: (logger: ReturnType<typeof createLogger>) => void): string => {
    let text = '';
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    write(createLogger({ service: 'test', destination }));
    return text;
  };

  it('holds no credential, wherever it stands', () => {
    const text = written((logger) => {
      logger.info({ token: 'hunter2', headers: { authorization: 'hunter2', 'x-api-key': 'hunter2' } });
      logger.info({ request: { headers: { cookie: 'hunter2' }, body: { password: 'hunter2' } } });
      logger.info({ own: new Secret('hunter2') });
      logger.child({ key: 'hunter2' }).info('child');
    });
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  });

  it('holds what an error and its causes say, not what drivers hang on them', () => {
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      parameters: ['hunter2'],
      detail: 'hunter2',
    });
    const text = written((logger) => logger.error({ err: new Error('append failed', { cause }) }, 'failed'));
    expect(text).toContain('23505');
    expect(text).toContain('duplicate key');
    expect(text).not.toContain('hunter2');
  });

  it('holds the first of the errors that one sums up', () => {
    const errors = ['first', 'second', 'third', 'fourth'].map((message) => new Error(message));
    const text = written((logger) => logger.warn({ err: new AggregateError(errors, 'not renewed') }, 'failed'));
    expect(text).toContain('"message":"third"');
    expect(text).not.toContain('fourth');
  });
});
