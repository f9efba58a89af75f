import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Problem } from '../problem.js';
import { Projector, type Rebuilt } from './projections/projector.js';

/** Makes projections anew from the first entry, and says where what answered so far was not what the log gives. */
export class ReplayProjections extends Command<{ readonly ok: boolean; readonly projections: readonly Rebuilt[] }> {
  constructor(
    /** Left out: all of them. */
    readonly name: string | undefined,
    /** Compare only, and change nothing. */
    readonly check: boolean,
  ) {
    super();
  }
}

@CommandHandler(ReplayProjections)
export class ReplayProjectionsHandler implements ICommandHandler<ReplayProjections> {
  constructor(private readonly projector: Projector) {}

  async execute({ name, check }: ReplayProjections) {
    const chosen = this.projector.projections.filter((one) => name === undefined || one.name === name);
    if (chosen.length === 0) throw new Problem('projection_unknown');
    const projections: Rebuilt[] = [];
    for (const one of chosen) projections.push(await this.projector.rebuild(one, { keep: !check }));
    const ok = projections.every(({ stopped, differences }) => stopped === null && differences.length === 0);
    return { ok, projections };
  }
}
