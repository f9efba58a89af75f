/** Frames of zstd by hand (RFC 8878 §3.1), since Node 20 has nothing that makes them. Blocks are raw or runs. */
export function zstdFrame(blocks: readonly (Uint8Array | { run: number; bytes: number })[], told?: number): Buffer {
  const size = Buffer.alloc(told === undefined ? 0 : 8);
  if (told !== undefined) size.writeBigUInt64LE(BigInt(told));
  // A window of 128 KiB where no size is told: exponent 7.
  const header = told === undefined ? [0x00, 7 << 3] : [0b1110_0000];
  const body = blocks.flatMap((block, index) => {
    const isRun = 'run' in block;
    const head = Buffer.alloc(3);
    const bytes = isRun ? block.bytes : block.length;
    head.writeUIntLE((bytes << 3) | (isRun ? 1 << 1 : 0) | (index === blocks.length - 1 ? 1 : 0), 0, 3);
    return [head, isRun ? Buffer.of(block.run) : Buffer.from(block)];
  });
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, ...header), size, ...body]);
}

/** Long runs of `x` as runs, all else as it is. */
export const zstdOf = (text: string): Buffer =>
  zstdFrame(
    text
      .split(/(x{64,60000})/)
      .map((piece) => (/^x{64}/.test(piece) ? { run: 0x78, bytes: piece.length } : Buffer.from(piece))),
    Buffer.byteLength(text),
  );

/** `{"data": "compressed with zstd, …"}` by zstd 1.5: level 19 of a file, level 3 of a pipe, which tells no size. */
export const zstdOfAFile = Buffer.from(
  'KLUv/WTEAF0BACQCeyJkYXRhIjogImNvbXByZXNzZWQgd2l0aCB6c3RkLCAifQEA+Ex1PgF4NVIx',
  'base64',
);
export const zstdOfAPipe = Buffer.from(
  'KLUv/QRYXQEAJAJ7ImRhdGEiOiAiY29tcHJlc3NlZCB3aXRoIHpzdGQsICJ9AQD4THU+AXg1UjE=',
  'base64',
);
export const zstdText = JSON.stringify({ data: 'compressed with zstd, '.repeat(20) }).replace(':', ': ');
