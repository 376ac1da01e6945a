import { Controller, Get, Inject, Param } from '@nestjs/common';
import { Requires } from '@latchkey/guard';
import type { Clock } from '@latchkey/kernel';
import { Answers, Refuses } from '@latchkey/platform';
import type { Caller } from '../../application/caller';
import { ReadRotationQuery } from '../../application/read-rotation.query';
import { CurrentCaller } from '../current-caller';
import { CLOCK } from '../tokens';
import { rotationRecord, rotationSchema, type RotationRecord } from './rotation-record';

/** What is known of the rotation of a key that is under way. */
@Controller('api/v1/api-keys')
export class RotationController {
  constructor(
    private readonly rotations: ReadRotationQuery,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':id/rotation')
  @Requires({ scopes: ['apikeys:read'], credentials: ['api_key', 'session', 'client'] })
  @Answers(rotationSchema)
  @Refuses('key.not_found')
  async rotation(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<RotationRecord> {
    return rotationRecord(await this.rotations.of(caller, id), this.clock.now());
  }
}
