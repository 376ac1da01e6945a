import { subjectName, type SubjectOwner, type SubjectRef } from '@latchkey/contracts';
import { str as crc32 } from 'crc-32';

/** P: fixed at installation (rule 2). All keys of a shard have one hash tag, so one script call reaches them in a cluster too. */
export const DEFAULT_SHARDS = 1;

/** One workspace, one shard. */
export const shardOf = (workspaceId: string, shards: number): number =>
  shards === 1 ? 0 : (crc32(workspaceId) >>> 0) % shards;

/** Of what no one workspace has (null): every shard. A user may belong to several workspaces, and a signing key signs for all. */
export const shardsOf = (workspaceId: string | null, shards: number): readonly number[] =>
  workspaceId === null ? Array.from({ length: shards }, (_, shard) => shard) : [shardOf(workspaceId, shards)];

export const fenceKey = (shard: number, owner: SubjectOwner | 'all'): string => `{p${shard}}:fence:${owner}`;

export const entryKey = (shard: number, subject: SubjectRef): string => `{p${shard}}:${subjectName(subject)}`;

export const windowKey = (shard: number, key: string): string => `{p${shard}}:window:${key}`;
