import { Controller, Get, Header, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { AcceptsGzip } from '../http/accepts-gzip.js';
import { Asker } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { parseEntriesPath, parseTilePath, tileWidth } from '../merkle/tile.js';
import { Problem } from '../problem.js';
import type { CosignedCheckpoint } from './cosigned-checkpoints.js';
import { decodeHeader } from './header.js';
import { Log } from './log.js';

const everyRole = ['source', 'researcher', 'approver', 'officer', 'auditor', 'subject'] as const;
const text = 'text/plain; charset=utf-8';
const octets = 'application/octet-stream';
const bytesInOpenApi = { schema: { type: 'string', format: 'binary' } } as const;
const textInOpenApi = { schema: { type: 'string' } } as const;

const Cosignatures = z.coerce.number().int().min(1).max(100).optional();
const CheckpointQuery = z.strictObject({ cosignatures: Cosignatures });
const PositionQuery = z.strictObject({ position: z.coerce.number().int().min(0) });
const ReceiptQuery = PositionQuery.extend({ cosignatures: Cosignatures });
const TilePath = z.string().max(64);

/**
 * The log as C2SP tlog-tiles has it, below /v1/log/ and with a token, for tools that we did not write
 * (docs/formats/log.md). Hashes and sizes are for every role; headers say who did what, and are for auditors.
 */
@Controller('v1/log')
export class LogController {
  constructor(private readonly log: Log) {}

  /** The newest, with the lines of those who have cosigned just that one; or the newest that has so many. */
  @Get('checkpoint')
  @Header('Content-Type', text)
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The signed checkpoint (C2SP tlog-checkpoint)', ...textInOpenApi })
  @MayAsk(...everyRole)
  async checkpoint(
    @Query({ schema: CheckpointQuery }) { cosignatures }: z.infer<typeof CheckpointQuery>,
  ): Promise<string> {
    if (cosignatures !== undefined) return this.cosigned(cosignatures).checkpoint;
    return this.log.cosigned.on(await this.log.reader.head());
  }

  @Get('proof')
  @Header('Content-Type', text)
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'That an entry is in the log (C2SP tlog-proof), without the entry', ...textInOpenApi })
  @MayAsk(...everyRole)
  proof(@Query({ schema: PositionQuery }) { position }: z.infer<typeof PositionQuery>): Promise<string> {
    return this.log.tree.proof(position);
  }

  /** Auditors get every receipt, everybody that of what they did. Nobody else learns whose the entry is. */
  @Get('receipt')
  @Header('Content-Type', text)
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The entry and the proof that it is in the log (C2SP tlog-proof)', ...textInOpenApi })
  @MayAsk(...everyRole)
  async receipt(
    @Asker() asker: Person,
    @Query({ schema: ReceiptQuery }) { position, cosignatures }: z.infer<typeof ReceiptQuery>,
  ): Promise<string> {
    const { actor } = decodeHeader(await this.log.reader.header(position));
    if (actor !== asker.id && !asker.roles.has('auditor')) throw new Problem('role_missing');
    if (cosignatures === undefined) return this.log.tree.receipt(position);
    const under = this.cosigned(cosignatures);
    if (position >= under.size) throw new Problem('checkpoint_not_cosigned', { size: under.size });
    return this.log.tree.receipt(position, under);
  }

  @Get('tile/entries/*')
  @Header('Content-Type', octets)
  @ApiProduces(octets)
  @ApiOkResponse({ description: 'An entry bundle (C2SP tlog-tiles): headers, as they are hashed', ...bytesInOpenApi })
  @MayAsk('auditor')
  async entryBundle(
    @Param('*', { schema: TilePath }) path: string,
    @AcceptsGzip() acceptsGzip: boolean,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const bundle = await this.log.tree.entryBundle(named(() => parseEntriesPath(`tile/entries/${path}`)));
    void reply.header('vary', 'Accept-Encoding');
    if (!acceptsGzip) return Buffer.from(bundle);
    void reply.header('content-encoding', 'gzip');
    return gzipped(bundle);
  }

  @Get('tile/*')
  @Header('Content-Type', octets)
  @ApiProduces(octets)
  @ApiOkResponse({ description: 'Hashes of the Merkle tree (C2SP tlog-tiles)', ...bytesInOpenApi })
  @MayAsk(...everyRole)
  async tile(
    @Param('*', { schema: TilePath }) path: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const address = named(() => parseTilePath(`tile/${path}`));
    const hashes = await this.log.tree.tile(address);
    void reply.header('cache-control', address.width === tileWidth ? forEver : forAWhile);
    void reply.header('vary', 'Authorization');
    return Buffer.from(hashes);
  }

  private cosigned(count: number): CosignedCheckpoint {
    const cosigned = this.log.cosigned.by(count);
    if (cosigned === undefined) throw new Problem('checkpoint_not_cosigned');
    return cosigned;
  }
}

/**
 * No tile ever changes, so the asker's own cache may keep it; no cache that is shared, since it would answer those
 * who have no token. A partial tile is dead weight as soon as its full one is there.
 */
const forEver = 'private, max-age=31536000, immutable';
const forAWhile = 'private, max-age=60';

const gzipped = promisify<Uint8Array, Buffer>(gzip);

function named<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof MerkleError)) throw error;
    throw new Problem('input_invalid', { issues: [{ path: 'tile', rule: 'tile_path' }] });
  }
}
