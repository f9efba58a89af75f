import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import kafkajs from 'kafkajs';

// CommonJS, of which Node finds no names.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Of what is sealed hardly anything is saved, of text some nine tenths; deflate can give a thousand bytes for one. */
const mostBytesForOne = 64;
const alwaysBytes = 64 * 1024;

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/**
 * kafkajs's own gzip has no bound, and a broker measures what is packed: one message of whoever may write a topic could
 * take all memory of the process, again after each start. Past the bound a fetch fails instead, and only that topic waits.
 */
export function boundUnpacking(): void {
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => pack(buffer),
    decompress: (packed: Buffer) =>
      unpack(packed, { maxOutputLength: Math.max(alwaysBytes, packed.length * mostBytesForOne) }),
  });
}
