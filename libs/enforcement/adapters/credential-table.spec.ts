import { keyId, workspaceId } from '@latchkey/kernel';
import type { CredentialRef } from '@latchkey/contracts';
import fc from 'fast-check';
import { CredentialTable } from './credential-table';
import { nodeSha256 } from './node-sha256';

const credential = (number: number): CredentialRef => ({
  workspaceId: workspaceId(`w${number % 3}`),
  keyId: keyId(`00000000-0000-7000-8000-${String(number).padStart(12, '0')}`),
  secretNumber: (number % 2) + 1,
});
const digest = (number: number) => nodeSha256(`secret ${number}`);

describe('the memory of credentials', () => {
  it('gives back what it was given, and nothing for a digest that it was not given', () => {
    const table = new CredentialTable(100);
    for (let number = 0; number < 100; number += 1) table.put(digest(number), credential(number));
    for (let number = 0; number < 100; number += 1) expect(table.get(digest(number))).toEqual(credential(number));
    expect(table.get(digest(100))).toBeNull();
  });

  it('never gives the credential of another digest, however the digests collide and entries are replaced', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ number: fc.nat(40), put: fc.boolean() }), { maxLength: 200 }), (steps) => {
        const table = new CredentialTable(8);
        // Few first bytes: every digest collides with many others, and chains wrap around the end of the index.
        const colliding = (number: number) => new Uint8Array(32).fill(number).fill(number % 2 === 0 ? 255 : 14, 0, 4);
        for (const { number, put } of steps) {
          if (put) {
            table.put(colliding(number), credential(number));
            expect(table.get(colliding(number))).toEqual(credential(number));
          } else {
            expect([null, credential(number)]).toContainEqual(table.get(colliding(number)));
          }
        }
      }),
    );
  });

  it('stays within its capacity and keeps what is in use', () => {
    const table = new CredentialTable(10);
    table.put(digest(0), credential(0));
    for (let number = 1; number < 1_000; number += 1) {
      expect(table.get(digest(0))).toEqual(credential(0));
      table.put(digest(number), credential(number));
    }
    const kept = Array.from({ length: 1_000 }, (_, number) => table.get(digest(number))).filter(
      (found) => found !== null,
    );
    expect(kept).toHaveLength(10);
  });

  it('does not remember an id that it could not give back unchanged', () => {
    const table = new CredentialTable(10);
    for (const id of ['', 'é', 'x'.repeat(37)]) table.put(digest(1), { ...credential(1), keyId: keyId(id) });
    expect(table.get(digest(1))).toBeNull();
  });
});
