import type { DisclosureMade } from '../../src/log/entries.js';
import { envelopeText } from '../../src/identity/signed-statement.js';
import type { Draft } from '../../src/log/draft.js';
import type { FieldName } from '../../src/log/fields.js';
import type { GrantId, PersonId, Position, RequestId, SessionId, SubjectId } from '../../src/log/ids.js';
import { writeCommand } from '../../src/log/write-command.js';
import type { Envelope } from '../../src/sealing/dsse.js';
import { freshCommand, researcher, type VaultInProcess } from '../vault-in-process.js';

/** What a service writes that was taken over: it has the log's key, and asks no rule of its own before it writes. */
export class StolenService {
  constructor(private readonly vault: VaultInProcess) {}

  async writes(entries: readonly Draft[], actor: PersonId = researcher): Promise<readonly Position[]> {
    const command = writeCommand(freshCommand(), actor, 'forged');
    return (await this.vault.log.append(command, () => ({ entries: [...entries], answer: null }))).positions;
  }

  /** That this approved that request, whatever it was signed for. Where it stands. */
  async approves(request: RequestId, envelope: Envelope): Promise<Position> {
    const data = { request, envelope: envelopeText(envelope) };
    return (await this.writes([{ type: 'request.approved', stream: `request/${request}`, data }]))[0] as Position;
  }

  /** A release that nobody decided, and has the keyholder open it: how many records it got. */
  async reads(
    of: { grant: GrantId; session: string; subject: string } & Partial<Omit<DisclosureMade, 'session'>>,
  ): Promise<number> {
    const { subject, session, ...differing } = of;
    const data = { fields: ['typed'] as FieldName[], versions: 100, records: 10, ...differing };
    const [position] = await this.writes([
      {
        type: 'disclosure.made',
        stream: `request/${of.grant}`,
        subject: subject as SubjectId,
        data: { ...data, session: session as SessionId },
      },
    ]);
    let records = 0;
    for await (const { sequences } of this.vault.keyholder.open(position as Position)) records += sequences.length;
    return records;
  }
}
