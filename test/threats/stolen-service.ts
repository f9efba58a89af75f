import type { DisclosureMade } from '../../src/log/entries.js';
import { envelopeText } from '../../src/identity/signed-statement.js';
import type { Draft } from '../../src/log/draft.js';
import type { FieldName } from '../../src/log/fields.js';
import type { GrantId, PersonId, Position, RequestId, SessionId, SubjectId } from '../../src/log/ids.js';
import { writeCommand } from '../../src/log/write-command.js';
import type { Envelope } from '../../src/sealing/dsse.js';
import { freshCommand, researcher, type VaultInProcess } from '../vault-in-process.js';

/** What it does not say is all that the tests' grants have. */
type Release = { grant: GrantId; session: string; subject: string } & Partial<Omit<DisclosureMade, 'session'>>;

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

  /** A release that nobody decided. Where it stands. */
  async discloses({ subject, session, ...differing }: Release): Promise<Position> {
    const data = { fields: ['typed'] as FieldName[], versions: 100, records: 10, ...differing };
    const [position] = await this.writes([
      {
        type: 'disclosure.made',
        stream: `request/${data.grant}`,
        subject: subject as SubjectId,
        data: { ...data, session: session as SessionId },
      },
    ]);
    return position as Position;
  }

  /** Has the keyholder open one like that: how many records it got. */
  async reads(of: Release): Promise<number> {
    let records = 0;
    for await (const { sequences } of this.vault.keyholder.open(await this.discloses(of))) records += sequences.length;
    return records;
  }
}
