import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { reach } from '@latchkey/kernel';
import { concatMap, type Observable } from 'rxjs';

/** The step between a handler's end and its reply, on the routes of commands and lists; the check is not among them. */
export class BeforeReply implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      concatMap(async (reply: unknown) => {
        await reach('reply.before');
        return reply;
      }),
    );
  }
}
