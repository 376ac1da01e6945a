import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Requires, type Requirement } from '@latchkey/guard';
import type { Clock } from '@latchkey/kernel';
import { Answers, Refuses, zodBody, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { ImportKeysHandler } from '../../application/import-keys.handler';
import { KeyLifeHandler } from '../../application/key-life.handler';
import { RevokeKeysHandler } from '../../application/revoke-keys.handler';
import { CurrentCaller } from '../current-caller';
import {
  importKeysBody,
  revokeKeysBody,
  suspendKeyBody,
  type ImportKeysBody,
  type RevokeKeysBody,
  type SuspendKeyBody,
} from '../key-bodies';
import { GRANT_REFUSALS } from '../refusals';
import { CLOCK } from '../tokens';
import { keyRecord, keyRecordSchema, type KeyRecord } from './key-record';

const WRITE: Requirement = { scopes: ['apikeys:write'], credentials: ['api_key', 'session', 'client'] };

const revokedKeysSchema = z.strictObject({
  revoked: z.number(),
  /** 0 when a further call would find nothing to do. */
  remaining: z.number(),
  /** Ids. */
  kept: z.array(z.string()),
});

const importedKeysSchema = z.strictObject({ items: z.array(keyRecordSchema) });

/** What comes to keys from elsewhere, and stops them, for a time or for ever. */
@Controller('api/v1/api-keys')
@Requires(WRITE)
export class KeyLifeController {
  constructor(
    private readonly keyLife: KeyLifeHandler,
    private readonly revokeKeys: RevokeKeysHandler,
    private readonly importKeys: ImportKeysHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Keys that somebody else has made, by their digests. */
  @Post('import')
  @Answers(importedKeysSchema)
  @Refuses(...GRANT_REFUSALS, 'key.unknown_prefix', 'key.secret_known')
  async import(
    @Body(zodBody(importKeysBody)) { keys }: ImportKeysBody,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof importedKeysSchema>> {
    const imported = await this.importKeys.execute(keys, caller);
    const now = this.clock.now();
    return { items: imported.map((key) => keyRecord({ ...key, lastUsedAt: null }, now)) };
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @Answers(keyRecordSchema)
  @Refuses('key.not_found', 'key.already_revoked', 'key.expired', 'key.last_admin')
  async suspend(
    @Param('id') id: string,
    @Body(zodBody(suspendKeyBody)) { reason }: SuspendKeyBody,
    @CurrentCaller() caller: Caller,
  ): Promise<KeyRecord> {
    return keyRecord(await this.keyLife.suspend(id, reason, caller), this.clock.now());
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Answers(keyRecordSchema)
  @Refuses(...GRANT_REFUSALS, 'key.not_found', 'key.already_revoked', 'key.expired')
  async resume(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<KeyRecord> {
    return keyRecord(await this.keyLife.resume(id, caller), this.clock.now());
  }

  @Post('revoke')
  @HttpCode(200)
  @Answers(revokedKeysSchema)
  async revoke(
    @Body(zodBody(revokeKeysBody)) { user_id: userId, tag, reason }: RevokeKeysBody,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof revokedKeysSchema>> {
    const which = { ...(userId !== undefined && { userId }), ...(tag !== undefined && { tag }) };
    return this.revokeKeys.execute(which, reason, caller);
  }
}
