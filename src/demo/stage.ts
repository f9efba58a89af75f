import { join } from 'node:path';
import { askFor, type Ask } from './ask.js';
import { custosFor, type Custos } from './custos.js';
import type { Canary } from './recordings.js';
import { ServiceProcess } from './service-process.js';
import type { Told } from './told.js';

/** What the acts play on: a folder, a service, and the two ways to ask it. */
export interface Stage {
  /** For files of the demo itself: outside the data folder. */
  readonly scratch: string;
  readonly data: string;
  readonly service: ServiceProcess;
  readonly custos: Custos;
  readonly ask: Ask;
  readonly canaries: readonly Canary[];
  /** Everything that must be found nowhere; acts that plant one add it. */
  readonly planted: Set<string>;
  readonly step: Told['step'];
}

export function setStage(folder: string, canaries: readonly Canary[], { step }: Told): Stage {
  const data = join(folder, 'data');
  const service = new ServiceProcess(data);
  const url = () => service.url;
  const planted = new Set(canaries.map(({ canary }) => canary));
  return {
    scratch: join(folder, 'scratch'),
    data,
    service,
    custos: custosFor(data, url),
    ask: askFor(data, url),
    canaries,
    planted,
    step,
  };
}
