import type { KeyLeakReported } from '@latchkey/contracts';
import type { Transaction } from './ports';

/** A key that a letter is about. Its name was chosen by whoever made it. */
export interface NoticedKey {
  readonly keyId: string;
  readonly name: string;
  /** Name of its workspace. */
  readonly workspace: string;
}

/** What people are written about their API keys. */
export type KeyNotice =
  | {
      readonly template: 'key_expires';
      readonly values: { readonly key: NoticedKey; readonly daysBefore: number; readonly expiresAt: Date };
    }
  | {
      readonly template: 'key_rotation_stalled';
      readonly values: { readonly key: NoticedKey; readonly lastUsedAt: Date; readonly graceUntil: Date };
    }
  | {
      readonly template: 'key_leaked';
      readonly values: {
        readonly key: NoticedKey;
        readonly secretId: string;
        /** Where it was found, and in what; both as the reporter gave them. */
        readonly url: string;
        readonly source: string;
        readonly reportedAt: Date;
        readonly policy: KeyLeakReported['data']['policy'];
      };
    };

/** Members who are told. Nobody is who is suspended in the workspace, has left it, or was erased. */
export interface KeyNoticeAudience {
  readonly workspaceId: string;
  /** Who has made the key. */
  readonly creator: string;
  /** Whether the workspace's owners and admins are told too. */
  readonly admins: boolean;
}

export interface KeyNoticeLog {
  /**
   * Runs `send` for each of the audience who has not been told what `notice` names, and remembers that they have: all of them, or none when
   * it throws. However often and however many at once ask for the same, nobody is told twice.
   */
  once(
    notice: string,
    audience: KeyNoticeAudience,
    now: Date,
    send: (tx: Transaction, email: string) => Promise<void>,
  ): Promise<void>;
}
