import { Controller, Get, Header, Param, Query, StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { MayAsk } from '../http/may-ask.js';
import { parseTilePath } from '../merkle/tile.js';
import { Problem } from '../problem.js';
import { decodeHeader } from './header.js';
import { Log } from './log.js';

const everyRole = ['source', 'researcher', 'approver', 'officer', 'auditor', 'subject'] as const;
const mostEntries = 10_000;
const entriesAPage = 500;

const EntriesQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(mostEntries).default(1000),
});
const ProofQuery = z.strictObject({ position: z.coerce.number().int().min(0) });
const TilePath = z.string().max(64);

/** The log's own word, in C2SP forms, for tools that we did not write. */
@Controller('v1/log')
export class LogController {
  constructor(private readonly log: Log) {}

  @Get('checkpoint')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @MayAsk(...everyRole)
  async checkpoint(): Promise<string> {
    return (await this.log.reader.head()).checkpoint;
  }

  @Get('proof')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @MayAsk(...everyRole)
  proof(@Query({ schema: ProofQuery }) { position }: z.infer<typeof ProofQuery>): Promise<string> {
    return this.log.tree.proof(position);
  }

  @Get('tile/*')
  @Header('Content-Type', 'application/octet-stream')
  @MayAsk(...everyRole)
  async tile(@Param('*', { schema: TilePath }) path: string): Promise<StreamableFile> {
    return new StreamableFile(await this.log.tree.tile(tileNamed(path)));
  }

  /** Headers as they are hashed, and decoded beside: who did what, and never content. */
  @Get('entries')
  @Header('Content-Type', 'application/x-ndjson')
  @MayAsk('auditor')
  entries(@Query({ schema: EntriesQuery }) { from, limit }: z.infer<typeof EntriesQuery>): StreamableFile {
    return new StreamableFile(Readable.from(this.lines(from, limit), { objectMode: false }));
  }

  private async *lines(from: number, limit: number): AsyncGenerator<string> {
    for (let next = from; next < from + limit; next += entriesAPage) {
      const rows = await this.log.reader.headers(next, Math.min(entriesAPage, from + limit - next));
      yield rows.map(({ position, header }) => entryLine(position, header)).join('');
      if (rows.length < entriesAPage) return;
    }
  }
}

function entryLine(position: number, header: Uint8Array): string {
  const { id: _id, columns, ...entry } = decodeHeader(header);
  const fields = columns.map(({ field, bytes }) => ({ field, bytes }));
  return `${JSON.stringify({ ...entry, position, columns: fields, header: base64(header) }, bytesAsHex)}\n`;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const bytesAsHex = (_key: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;

function tileNamed(path: string) {
  try {
    return parseTilePath(`tile/${path}`);
  } catch {
    throw new Problem('input_invalid', { issues: [{ path: 'tile', rule: 'tile_path' }] });
  }
}
