import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TRUST } from '../../identity/trust-token.js';
import type { Trust } from '../../identity/trust.js';
import type { IncidentId } from '../../log/ids.js';
import { Log } from '../../log/log.js';
import { prunedSubtrees } from '../../merkle/pruned-tree.js';
import { Problem } from '../../problem.js';
import { incidentKey, type Incident } from '../incident.js';
import { materialArchive, mostBundleEntries, trustText, type Material } from './material.js';
import { aboutOf } from './reports.js';

export interface BundleAsked {
  readonly incident: IncidentId;
  /** About so many entries of the log, and those that were committed with the last of them. */
  readonly size: number;
  /** Every entry from the first one on: then nothing has to be believed of what came before the incident. */
  readonly wholeLog: boolean;
}

/**
 * What a bundle is made of, as rows have it: nothing is proven or folded here. Whoever asked does both
 * (`verify-bundle.ts`), and a service in the middle of an incident has other things to do.
 */
export class GatherMaterial extends Query<Uint8Array> {
  constructor(readonly asked: BundleAsked) {
    super();
  }
}

const headersAtOnce = 2000;

@QueryHandler(GatherMaterial)
export class GatherMaterialHandler implements IQueryHandler<GatherMaterial> {
  constructor(
    private readonly log: Log,
    @Inject(TRUST) private readonly trust: Trust,
  ) {}

  /** @throws Problem incident_unknown, position_unknown, moments_reversed, range_too_large */
  async execute({ asked }: GatherMaterial): Promise<Uint8Array> {
    const incident = (await this.log.refreshed()).of(incidentKey).get(asked.incident);
    if (incident === undefined) throw new Problem('incident_unknown');
    if (asked.size <= incident.position) throw new Problem('moments_reversed');
    return materialArchive(await this.gather(incident, asked));
  }

  private async gather(incident: Incident, asked: BundleAsked): Promise<Material> {
    const { reader, tree } = this.log;
    const { size } = await reader.checkpointCovering(asked.size);
    // The entry before the first one in question says when that moment was.
    const completeFrom = asked.wholeLog ? 0 : Math.max(0, incident.from - 1);
    // What was noted later speaks of nothing yet: the same size gives the same bytes, whatever came after.
    const notes = incident.notes.filter(({ position }) => position < size);
    const below = await this.headersBelow(completeFrom, aboutOf({ notes }));
    const headers = [...below.values()];
    for (let next = completeFrom; next < size; next += headersAtOnce) {
      if (headers.length + size - next > mostBundleEntries)
        throw new Problem('range_too_large', { limit: mostBundleEntries });
      const page = await reader.headers(next, Math.min(headersAtOnce, size - next));
      headers.push(...page.map(({ header }) => header));
    }
    const kept = [...below.keys(), ...Array.from({ length: size - completeFrom }, (_, index) => completeFrom + index)];
    const hashes = tree.subtrees(size);
    const pruned = [];
    for (const subtree of prunedSubtrees(kept, size)) {
      pruned.push({ ...subtree, hash: await hashes.hash(subtree.level, subtree.index) });
    }
    const checkpoints = new Map<number, string>();
    for (const at of [incident.from, incident.to ?? size, size].filter((one) => one > 0)) {
      const covering = await reader.checkpointCovering(at);
      checkpoints.set(covering.size, covering.checkpoint);
    }
    const trust = trustText(this.trust);
    return { incident: incident.incident, size, completeFrom, headers, pruned, checkpoints, trust };
  }

  /** By position, ascending: what the state is folded from, and what notes speak of. */
  private async headersBelow(completeFrom: number, about: readonly number[]): Promise<Map<number, Uint8Array>> {
    const { reader } = this.log;
    const governing = await reader.governingHeaders(completeFrom, mostBundleEntries + 1);
    if (governing.length > mostBundleEntries) throw new Problem('range_too_large', { limit: mostBundleEntries });
    const found = new Map(governing.map(({ position, header }) => [position as number, header]));
    for (const position of about.filter((one) => one < completeFrom)) {
      found.set(position, await reader.header(position));
    }
    return new Map([...found].sort(([a], [b]) => a - b));
  }
}
