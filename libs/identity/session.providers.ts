import type { Provider } from '@nestjs/common';
import { UserSessions } from './application/user-sessions';
import { given, type IdentityParts } from './identity-parts';
import { OldSessions, SESSION_STORE } from './old-sessions';
import { SessionsController } from './surfaces/canonical/sessions.controller';
import { S4eSessionController } from './surfaces/s4e/session.controller';
import { CLOCK } from './surfaces/tokens';

export const sessionControllers = [SessionsController, S4eSessionController];

/** Sessions, once they are open. */
export const sessionProviders = ({ sessions, sessionStore, clock }: IdentityParts): readonly Provider[] => [
  given(UserSessions, sessions),
  { provide: SESSION_STORE, useValue: sessionStore },
  { provide: CLOCK, useValue: clock },
  OldSessions,
];
