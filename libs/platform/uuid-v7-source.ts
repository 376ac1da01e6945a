import type { IdSource } from '@latchkey/kernel';
import { v7 } from 'uuid';

/** UUIDv7 (RFC 9562 §5.7), strictly increasing within this process. */
export class UuidV7Source implements IdSource {
  next(): string {
    return v7();
  }
}
