import { keyId, workspaceId } from '@latchkey/kernel';
import type { CredentialRef, SubjectSnapshot } from '@latchkey/contracts';
import { keyBody } from '../testing/bodies';
import {
  fromWireCredentials,
  fromWireDigests,
  fromWireRefs,
  fromWireSnapshots,
  toWireCredential,
  toWireSnapshot,
} from './wire';

const snapshot: SubjectSnapshot = { kind: 'key', id: 'k1', version: 3, body: keyBody() };
const credential: CredentialRef = { workspaceId: workspaceId('w1'), keyId: keyId('k1'), secretNumber: 2 };

describe('the owner protocol on the wire', () => {
  it('gives a subject back as it was sent', () => {
    expect(fromWireSnapshots([snapshot], { subjects: [toWireSnapshot(snapshot)] })).toEqual([snapshot]);
  });

  it('tells a subject that does not exist from one that does', () => {
    const none: SubjectSnapshot = { kind: 'user', id: 'u9', version: 0, body: null };
    expect(fromWireSnapshots([none], { subjects: [toWireSnapshot(none)] })).toEqual([none]);
  });

  it('gives credentials back in the order they were asked for', () => {
    expect(fromWireCredentials(2, { credentials: [toWireCredential(null), toWireCredential(credential)] })).toEqual([
      null,
      credential,
    ]);
  });

  it.each([
    ['an answer for another subject', [{ ...toWireSnapshot(snapshot), id: 'k2' }]],
    ['too few answers', []],
    [
      'a body of another kind',
      [{ ...toWireSnapshot(snapshot), body: '{"kind":"scope_set","workspaceId":"w1","scopes":[]}' }],
    ],
    [
      'a body with a field that is not known',
      [{ ...toWireSnapshot(snapshot), body: JSON.stringify({ ...keyBody(), admin: true }) }],
    ],
    ['a body that is not JSON', [{ ...toWireSnapshot(snapshot), body: '{' }]],
    ['a body without a version', [{ ...toWireSnapshot(snapshot), version: 0 }]],
  ])('refuses %s', (_, subjects) => {
    expect(() => fromWireSnapshots([snapshot], { subjects })).toThrow();
  });

  it.each([
    ['a kind that another service owns', 'user'],
    ['a kind that does not exist', 'constructor'],
  ])('an owner refuses to answer for %s', (_, kind) => {
    expect(() => fromWireRefs('issuance', { subjects: [{ kind, id: 'x' }] })).toThrow(
      'issuance does not own subjects of that kind',
    );
  });

  it('refuses a question for more than a thousand at once', () => {
    expect(() =>
      fromWireRefs('issuance', { subjects: Array.from({ length: 1_001 }, () => ({ kind: 'key', id: 'k' })) }),
    ).toThrow('at most 1000');
  });

  it('refuses a digest that is not a SHA-256', () => {
    expect(() => fromWireDigests({ sha256: [new Uint8Array(31)] })).toThrow('32 bytes');
  });
});
