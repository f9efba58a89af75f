import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { IncidentId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { incidentKey, type Incident } from './incident.js';

export class ListIncidents extends Query<readonly Incident[]> {}

@QueryHandler(ListIncidents)
export class ListIncidentsHandler implements IQueryHandler<ListIncidents> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<readonly Incident[]> {
    return [...(await this.log.refreshed()).of(incidentKey).values()];
  }
}

export class ShowIncident extends Query<Incident> {
  constructor(readonly incident: IncidentId) {
    super();
  }
}

@QueryHandler(ShowIncident)
export class ShowIncidentHandler implements IQueryHandler<ShowIncident> {
  constructor(private readonly log: Log) {}

  /** @throws Problem incident_unknown */
  async execute({ incident }: ShowIncident): Promise<Incident> {
    const found = (await this.log.refreshed()).of(incidentKey).get(incident);
    if (found === undefined) throw new Problem('incident_unknown');
    return found;
  }
}
