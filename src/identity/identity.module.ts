import { Module } from '@nestjs/common';
import { ProposeActHandler, SignActHandler } from './act-commands.js';
import { IdentityController } from './identity.http.js';
import { ListActsHandler, ShowActHandler } from './list-acts.js';
import { ListKeysHandler } from './list-keys.js';

@Module({
  controllers: [IdentityController],
  providers: [ProposeActHandler, SignActHandler, ListActsHandler, ShowActHandler, ListKeysHandler],
})
export class IdentityModule {}
