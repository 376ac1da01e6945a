import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Aside } from './application/aside';

/** What was begun aside ends before the database is closed. */
@Injectable()
export class AsideEnd implements OnModuleDestroy {
  constructor(private readonly aside: Aside) {}

  onModuleDestroy(): Promise<void> {
    return this.aside.done();
  }
}
