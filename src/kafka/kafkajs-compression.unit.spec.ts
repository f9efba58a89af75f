import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { kafkajsClient } from './kafkajs-client.js';

interface Codec {
  decompress(packed: Buffer): Promise<Buffer>;
}
const codec = (): Codec => {
  kafkajsClient({ brokers: ['localhost:9'], clientId: 'test' });
  return (CompressionCodecs as unknown as Record<number, () => Codec>)[CompressionTypes.GZIP]?.() as Codec;
};

describe('what a producer has packed', () => {
  it('is unpacked, as far as it could be of a source', async () => {
    const sealed = Buffer.from(randomBytes(200_000).toString('base64'));
    for (const some of [sealed, Buffer.alloc(60_000, 'plaintext that repeats itself '), Buffer.alloc(0)]) {
      expect(Buffer.compare(await codec().decompress(gzipSync(some)), some)).toBe(0);
    }
  });

  it('is not, where a few kilobytes become more than the machine has', async () => {
    await expect(codec().decompress(gzipSync(Buffer.alloc(64 * 1024 * 1024)))).rejects.toThrow();
  });
});
