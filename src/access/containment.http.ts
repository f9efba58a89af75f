import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Post, StreamableFile } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import { FieldName } from '../log/fields.js';
import { GrantId, PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { Contain, type ContainmentStep } from './contain.handler.js';

const defaultDays = 30;
const ContainBody = z.strictObject({
  /** Left out: 30 days ago. */
  since: z.iso.datetime({ offset: true }).optional(),
  person: PersonId.optional(),
  subject: SubjectId.optional(),
  field: FieldName.optional(),
  grant: GrantId.optional(),
});

@Controller('v1')
export class ContainmentController {
  constructor(private readonly commands: CommandBus) {}

  /** Tries again all that could be read since, and opens none of it. NDJSON: what is open, how far, and the report last. */
  @Post('containments')
  @HttpCode(200)
  @MayAsk('officer')
  async contain(
    @Asker() asker: Person,
    @Body({ schema: ContainBody }) { since, person, subject, field, grant }: z.infer<typeof ContainBody>,
  ): Promise<StreamableFile> {
    const only = {
      ...(person === undefined ? {} : { person }),
      ...(subject === undefined ? {} : { subject }),
      ...(field === undefined ? {} : { field }),
      ...(grant === undefined ? {} : { grant }),
    };
    const from = since === undefined ? Date.now() - defaultDays * 86_400_000 : Date.parse(since);
    const steps = await this.commands.execute(new Contain(asker.id, { since: from, only }));
    return new StreamableFile(Readable.from(lines(steps), { objectMode: false }), { type: 'application/x-ndjson' });
  }
}

async function* lines(steps: AsyncIterable<ContainmentStep>): AsyncGenerator<string> {
  try {
    for await (const step of steps) yield `${JSON.stringify(step)}\n`;
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem('internal');
    yield `${JSON.stringify({ kind: 'problem', ...problem.toJSON() })}\n`;
  }
}
