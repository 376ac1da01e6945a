import { Secret } from '@latchkey/kernel';
import { randomBytes } from 'node:crypto';
import type { Tokens } from '../application/ports';

const TOKEN_BYTES = 32;

export class CryptoTokens implements Tokens {
  next(): Secret {
    return new Secret(randomBytes(TOKEN_BYTES).toString('base64url'));
  }
}
