import { Controller, Get } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Requires } from '@latchkey/guard';

/** Who am I: what the check says of the caller's own credential. */
@Controller('api/v1/me')
export class MeController {
  @Get()
  @Requires({ scopes: [] })
  me(@CurrentPrincipal() principal: Principal): Principal {
    return principal;
  }
}
