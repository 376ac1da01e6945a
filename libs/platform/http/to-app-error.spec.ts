import { AppError } from '@latchkey/kernel';
import { toAppError } from './to-app-error';

describe('an exception as an error of the catalogue', () => {
  it.each(['ECONNREFUSED', 'ETIMEDOUT', '57P01', '53300', '53100', '08006', '25006'])(
    'is "not available" when a driver says %s, however deep',
    (code) => {
      const driverError = Object.assign(new Error('x'), { code });
      expect(toAppError(driverError)).toMatchObject({ code: 'service.unavailable', retryAfterSeconds: 1 });
      expect(toAppError(Object.assign(new Error('query failed'), { driverError })).code).toBe('service.unavailable');
      expect(toAppError(new Error('load', { cause: driverError })).code).toBe('service.unavailable');
    },
  );

  it.each([new Error('Connection terminated unexpectedly'), new Error('timeout exceeded when trying to connect')])(
    'is "not available" when pg says "$message"',
    (error) => {
      expect(toAppError(error).code).toBe('service.unavailable');
    },
  );

  it.each([
    new Error('x'),
    Object.assign(new Error('x'), { code: '23505' }),
    Object.assign(new Error('x'), { statusCode: 404 }),
    'text',
    undefined,
  ])('is internal when nobody expected it (%j)', (error) => {
    expect(toAppError(error)).toMatchObject({ code: 'service.internal', public: 'Something went wrong on our side.' });
  });

  it('is itself when it is one already', () => {
    const error = new AppError('key.not_found');
    expect(toAppError(error)).toBe(error);
  });
});
