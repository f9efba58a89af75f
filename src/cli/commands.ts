import { register as act } from './act.js';
import { register as assurance } from './assurance.js';
import { register as breakGlass } from './break-glass.js';
import { register as contain } from './contain.js';
import { register as control } from './control.js';
import { register as decideRequest } from './decide-request.js';
import { register as history } from './history.js';
import { register as incident } from './incident.js';
import { register as ingest } from './ingest.js';
import { register as key } from './key.js';
import { register as log } from './log.js';
import { register as notices } from './notices.js';
import { register as play } from './play.js';
import { register as policy } from './policy.js';
import type { Register } from './program.js';
import { register as read } from './read.js';
import { register as request } from './request.js';
import { register as retention } from './retention.js';
import { register as session } from './session.js';
import { register as source } from './source.js';
import { register as subject } from './subject.js';
import { register as verify } from './verify.js';

/** The commands that ask a service, in the order of `--help`: as one needs them. */
export const commands: readonly Register[] = [
  ingest,
  session,
  request,
  decideRequest,
  read,
  play,
  subject,
  notices,
  control,
  contain,
  assurance,
  breakGlass,
  act,
  policy,
  key,
  source,
  retention,
  history,
  incident,
  log,
  verify,
];
