import { Global, Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AccessModule } from './access/access.module.js';
import { CaptureModule } from './capture/capture.module.js';
import { defaultSealWithinMs, SEAL_WITHIN_MS } from './capture/seal-within.js';
import { HistoryModule } from './history/history.module.js';
import { Projector } from './history/projections/projector.js';
import { IdentityModule } from './identity/identity.module.js';
import { TRUST } from './identity/trust-token.js';
import type { Trust } from './identity/trust.js';
import type { KeyholderPort } from './keys/keyholder-port.js';
import { KEYHOLDER } from './keys/keyholder-token.js';
import { KeysModule } from './keys/keys.module.js';
import { SubjectKeys } from './keys/subject-keys.js';
import { Log } from './log/log.js';
import { LogModule } from './log/log.module.js';

/** What every context stands on, started before the application and stopped after it. */
export interface Foundations {
  readonly log: Log;
  readonly keyholder: KeyholderPort;
  readonly trust: Trust;
  readonly projector: Projector;
  /** Milliseconds that a post of records waits at most for others of its session; the default if left out. */
  readonly sealWithinMs?: number | undefined;
}

@Global()
@Module({})
class FoundationsModule {
  static of({ log, keyholder, projector, trust, sealWithinMs }: Foundations): DynamicModule {
    return {
      module: FoundationsModule,
      providers: [
        { provide: Log, useValue: log },
        { provide: KEYHOLDER, useValue: keyholder },
        { provide: Projector, useValue: projector },
        { provide: TRUST, useValue: trust },
        { provide: SEAL_WITHIN_MS, useValue: sealWithinMs ?? defaultSealWithinMs },
        { provide: SubjectKeys, useValue: new SubjectKeys(log, keyholder) },
      ],
      exports: [Log, KEYHOLDER, Projector, SEAL_WITHIN_MS, SubjectKeys, TRUST],
    };
  }
}

@Module({})
export class AppModule {
  static of(foundations: Foundations): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CqrsModule.forRoot(),
        FoundationsModule.of(foundations),
        LogModule,
        IdentityModule,
        KeysModule,
        CaptureModule,
        AccessModule,
        HistoryModule,
      ],
    };
  }
}
