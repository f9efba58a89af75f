import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { claim, claimFound, claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { requestAccess, type Created } from './grants.js';
import { claimGreen, claimNamed } from './verifying.js';

/** Somebody with the database superuser's password, before whom every trigger and every right of the log is void. */
export async function tampering(stage: Stage): Promise<void> {
  const { step, custos } = stage;
  const db = await connectAsSuperuser(stage);
  try {
    await step('Somebody with the database password writes approvals into the log by hand', async () => {
      const wanted = { sessions: ['shell-1'], field: 'typed', purpose: 'Never signed by anybody at all' };
      const open = await requestAccess(custos, wanted);
      const { positions, remove } = await forgeApprovals(db, open);
      const read = ['read', open.request, '--session', 'shell-1'];
      // The log does not go on over rows that it has not signed: until they are gone, it answers nobody.
      const { code, position } = await custos.refused('log_corrupt', 'researcher', ...read);
      claimSame(position, positions[0], 'position that the service names');
      await claimNamed(custos, 'not_in_the_log', ...positions);
      await remove();
      await claimGreen(custos);
      const { rules } = await custos.refused('disclosure_denied', 'researcher', ...read);
      const seen = `no read (${code}); verify names positions ${positions.join(' and ')}`;
      return [`${seen}; without the rows it is green, and the read is refused (${rules?.join()})`, undefined];
    });

    await step('Somebody changes one byte of an entry', async () => {
      const { rows } = await db.query<{ position: string }>(
        `SELECT position FROM log.entry WHERE type = 'session.batch' ORDER BY position DESC LIMIT 1`,
      );
      const position = Number(claimFound(rows[0], 'an entry of sealed records').position);
      const flip = 'UPDATE log.entry SET header = set_byte(header, 40, get_byte(header, 40) # 1) WHERE position = $1';
      await flippedAndBack(stage, db, { flip, values: [position], position, check: 'header_changed' });
      return [`verify names position ${position}: header_changed; green again once the byte is back`, undefined];
    });

    await step('Somebody changes one byte of a sealed column', async () => {
      const { rows } = await db.query<{ position: string; field: string }>(
        `SELECT position, field FROM log.body WHERE field = 'typed' ORDER BY position LIMIT 1`,
      );
      const column = claimFound(rows[0], 'a sealed column');
      const position = Number(column.position);
      const flip = `UPDATE log.body SET sealed = set_byte(sealed, 50, get_byte(sealed, 50) # 1)
                    WHERE position = $1 AND field = $2`;
      await flippedAndBack(stage, db, { flip, values: [position, column.field], position, check: 'body_changed' });
      return [`verify names position ${position}: body_changed; green again once the byte is back`, undefined];
    });
  } finally {
    await db.end();
  }
}

interface Flip {
  /** Changes one row; done twice, it changes nothing. */
  readonly flip: string;
  readonly values: readonly (string | number)[];
  readonly position: number;
  readonly check: string;
}

async function flippedAndBack(
  { custos }: Stage,
  db: pg.Client,
  { flip, values, position, check }: Flip,
): Promise<void> {
  claimSame((await db.query(flip, [...values])).rowCount, 1, 'rows changed');
  try {
    await claimNamed(custos, check, position);
  } finally {
    await db.query(flip, [...values]);
  }
  await claimGreen(custos);
}

async function connectAsSuperuser({ data }: Stage): Promise<pg.Client> {
  const { readerUrl } = JSON.parse(await readFile(join(data, 'running.json'), 'utf8')) as { readerUrl: string };
  const url = new URL(readerUrl);
  url.username = 'postgres';
  url.password = encodeURIComponent((await readFile(join(data, 'postgres.password'), 'utf8')).trim());
  const db = new pg.Client({ connectionString: url.href });
  db.on('error', () => undefined); // the next query tells
  await db.connect();
  // Switches the triggers of this connection off.
  await db.query('SET session_replication_role = replica');
  return db;
}

interface EntryRow {
  readonly stream: string;
  readonly header: Buffer;
}

/** Copies of real approvals, made out to a request that nobody signed, as rows above the signed head. */
async function forgeApprovals(db: pg.Client, open: Created) {
  const { rows } = await db.query<EntryRow>(
    `SELECT stream, header FROM log.entry WHERE type = 'request.approved' ORDER BY position LIMIT $1`,
    [open.needed],
  );
  claimSame(rows.length, open.needed, 'approvals to copy');
  const { rows: heads } = await db.query<{ size: string }>('SELECT size FROM log.head');
  const first = Number(claimFound(heads[0], 'the head').size);
  const positions = rows.map((_row, index) => first + index);
  for (const [index, { stream, header }] of rows.entries()) {
    const request = stream.split('/')[1] ?? '';
    claim(request.length === open.request.length, 'the stream names its request');
    const forged = Buffer.from(header.toString('latin1').replaceAll(request, open.request), 'latin1');
    // RFC 6962 §2.1: a leaf is hashed behind a zero byte. The forger knows that as well.
    const leaf = createHash('sha256').update(Uint8Array.of(0)).update(forged).digest();
    await db.query(
      `INSERT INTO log.entry (position, stream, version, type, at, subject, governs, leaf, header)
       VALUES ($1, $2, $3, 'request.approved', $4, NULL, true, $5, $6)`,
      [positions[index], `request/${open.request}`, index + 1, Date.now(), leaf, forged],
    );
  }
  const remove = async () => {
    const removed = await db.query('DELETE FROM log.entry WHERE position = ANY($1)', [positions]);
    claimSame(removed.rowCount, positions.length, 'forged rows removed');
  };
  return { positions, remove };
}
