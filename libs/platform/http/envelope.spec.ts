import { AppError } from '@latchkey/kernel';
import { errorReply } from './envelope';

describe('the body of an error', () => {
  it.each(['/api/keys', '/api/v1/api-keys'])('at %s shows no key that was sent where none belongs', (url) => {
    const secret = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6';
    const field = `s4e_live_${secret}`;
    const { body } = errorReply(
      new AppError('request.invalid', { field, public: `Unknown field "${field}".` }),
      url,
      'r',
    );
    const text = JSON.stringify(body);
    expect(text).toContain('Unknown field \\"s4e_live_[secret]\\".');
    expect(text).not.toContain(secret);
  });
});
