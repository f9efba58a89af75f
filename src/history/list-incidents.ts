import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { IncidentId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { pageOf, type AskedPage, type Page } from '../log/page.js';
import { Problem } from '../problem.js';
import { incidentKey, type Incident } from './incident.js';

export class ListIncidents extends Query<Page<Incident>> {
  constructor(readonly page: AskedPage) {
    super();
  }
}

@QueryHandler(ListIncidents)
export class ListIncidentsHandler implements IQueryHandler<ListIncidents> {
  constructor(private readonly log: Log) {}

  async execute({ page }: ListIncidents): Promise<Page<Incident>> {
    return pageOf((await this.log.refreshed()).of(incidentKey).values(), page, (incident) => incident);
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
