import { keyId, type WorkspaceId } from '@latchkey/kernel';
import type { CredentialRef } from '@latchkey/contracts';
import type { CredentialMemory } from '../application/ports';

/** Entry: digest, key id in Latin-1, its length, a mark of use, workspace number, secret number. */
const DIGEST_BYTES = 32;
const KEY_ID_BYTES_MAX = 36;
const KEY_ID = DIGEST_BYTES;
const KEY_ID_LENGTH = KEY_ID + KEY_ID_BYTES_MAX;
const USED = KEY_ID_LENGTH + 1;
const WORKSPACE = 72;
const SECRET_NUMBER = 76;
const ENTRY_BYTES = 80;

/** Ours are UUIDs; any other text of that length would do. What does not fit is not remembered. */
const KEY_ID_FORM = /^[\x21-\x7e]{1,36}$/;

const EMPTY = 0;

/** The first four bytes of a digest. */
const homeOf = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;

/**
 * Remembers up to `capacity` credentials in 80 bytes each plus 8 of index, outside the garbage-collected heap: a million of them as objects
 * would take several times that, and every collection would walk them. The pages are touched as they fill up.
 *
 * An open-addressing index points into a ring of entries. When the ring is full the oldest entry goes that was not used since the hand
 * last passed it. A digest is uniform already, so its first four bytes are its hash.
 */
export class CredentialTable implements CredentialMemory {
  private readonly entries: Buffer;
  /** Entry number + 1, or EMPTY. At most half full, so probes stay short. */
  private readonly index: Uint32Array;
  private readonly mask: number;
  private readonly workspaces: WorkspaceId[] = [];
  private readonly workspaceNumbers = new Map<WorkspaceId, number>();
  private count = 0;
  private hand = 0;

  constructor(private readonly capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.entries = Buffer.alloc(capacity * ENTRY_BYTES);
    this.index = new Uint32Array(slots);
    this.mask = slots - 1;
  }

  get(sha256: Uint8Array): CredentialRef | null {
    const entry = this.entryAt(this.slotOf(sha256));
    if (entry === null) return null;
    const at = entry * ENTRY_BYTES;
    const workspace = this.workspaces[this.entries.readUInt32LE(at + WORKSPACE)];
    if (workspace === undefined) return null;
    this.entries[at + USED] = 1;
    const idEnd = at + KEY_ID + this.entries.readUInt8(at + KEY_ID_LENGTH);
    return {
      workspaceId: workspace,
      keyId: keyId(this.entries.toString('latin1', at + KEY_ID, idEnd)),
      secretNumber: this.entries.readUInt32LE(at + SECRET_NUMBER),
    };
  }

  put(sha256: Uint8Array, credential: CredentialRef): void {
    if (
      sha256.length !== DIGEST_BYTES ||
      !KEY_ID_FORM.test(credential.keyId) ||
      this.entryAt(this.slotOf(sha256)) !== null
    )
      return;
    const entry = this.freeEntry();
    const at = entry * ENTRY_BYTES;
    this.entries.set(sha256, at);
    this.entries.write(credential.keyId, at + KEY_ID, 'latin1');
    this.entries.writeUInt8(credential.keyId.length, at + KEY_ID_LENGTH);
    this.entries.writeUInt8(0, at + USED);
    this.entries.writeUInt32LE(this.numberOf(credential.workspaceId), at + WORKSPACE);
    this.entries.writeUInt32LE(credential.secretNumber, at + SECRET_NUMBER);
    this.index[this.slotOf(sha256)] = entry + 1;
  }

  /** The slot of the index that holds this digest, or the empty one where it would go. */
  private slotOf(sha256: Uint8Array): number {
    let slot = homeOf(sha256, 0) & this.mask;
    for (let entry = this.entryAt(slot); entry !== null && !this.holds(entry, sha256); entry = this.entryAt(slot))
      slot = (slot + 1) & this.mask;
    return slot;
  }

  private entryAt(slot: number): number | null {
    const value = this.index[slot] ?? EMPTY;
    return value === EMPTY ? null : value - 1;
  }

  private holds(entry: number, sha256: Uint8Array): boolean {
    const at = entry * ENTRY_BYTES;
    for (let byte = 0; byte < DIGEST_BYTES; byte += 1) if (this.entries[at + byte] !== sha256[byte]) return false;
    return true;
  }

  private freeEntry(): number {
    if (this.count < this.capacity) return this.count++;
    for (;;) {
      const entry = this.hand;
      this.hand = (this.hand + 1) % this.capacity;
      const used = entry * ENTRY_BYTES + USED;
      if (this.entries[used] === 0) {
        this.removeFromIndex(
          this.slotOf(this.entries.subarray(entry * ENTRY_BYTES, entry * ENTRY_BYTES + DIGEST_BYTES)),
        );
        return entry;
      }
      this.entries[used] = 0;
    }
  }

  /** Closes the gap: whatever was pushed past `slot` by a collision moves up, else a probe for it would stop at the hole. */
  private removeFromIndex(slot: number): void {
    let hole = slot;
    let next = (hole + 1) & this.mask;
    for (let entry = this.entryAt(next); entry !== null; entry = this.entryAt(next)) {
      const home = homeOf(this.entries, entry * ENTRY_BYTES) & this.mask;
      if (((next - home) & this.mask) >= ((next - hole) & this.mask)) {
        this.index[hole] = entry + 1;
        hole = next;
      }
      next = (next + 1) & this.mask;
    }
    this.index[hole] = EMPTY;
  }

  private numberOf(workspace: WorkspaceId): number {
    const known = this.workspaceNumbers.get(workspace);
    if (known !== undefined) return known;
    const number = this.workspaces.push(workspace) - 1;
    this.workspaceNumbers.set(workspace, number);
    return number;
  }
}
