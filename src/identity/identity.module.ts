import { Module } from '@nestjs/common';
import { ProposeActHandler, SignActHandler } from './act-commands.js';
import { IdentityController } from './identity.http.js';
import { ListActsHandler, ShowActHandler } from './list-acts.js';
import { ListIngestKeysHandler } from './list-ingest-keys.js';
import { ListKeysHandler } from './list-keys.js';

@Module({
  controllers: [IdentityController],
  providers: [
    ProposeActHandler,
    SignActHandler,
    ListActsHandler,
    ShowActHandler,
    ListKeysHandler,
    ListIngestKeysHandler,
  ],
})
export class IdentityModule {}
