import { UnpackError } from './unpack-error.js';

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** RFC 8878 §3.1.1.2.4: what a block of any kind unpacks to, at most. */
const mostBytesInABlock = 128 * 1024;

export interface UnpackedSize {
  /** At most as many, or as many where `exact`. */
  readonly bytes: number;
  readonly exact: boolean;
}

/**
 * To how many bytes zstd frames unpack, told by their headers and those of their blocks (RFC 8878 §3.1), so that
 * room is made for no more. Nothing in them is checked yet. @throws UnpackError truncated, malformed
 */
export function mostBytesIn(packed: Uint8Array): UnpackedSize {
  const view = new Reader(packed);
  let bytes = 0;
  let exact = true;
  while (view.at < packed.length || view.at === 0) {
    const magic = view.number(4);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) view.skip(view.number(4));
    else if (magic === frameMagic) {
      const frame = frameAt(view);
      bytes += frame.bytes;
      exact &&= frame.exact;
    } else throw new UnpackError('malformed');
  }
  return { bytes, exact };
}

function frameAt(view: Reader): UnpackedSize {
  const descriptor = view.number(1);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new UnpackError('malformed');
  if (!isSingleSegment) view.skip(1);
  view.skip([0, 1, 2, 4][descriptor & 3] as number);
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const told = view.number(sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const inBlocks = blocksAt(view);
  view.skip((descriptor & 0x04) !== 0 ? 4 : 0);
  return sizeBytes === 0 ? { bytes: inBlocks, exact: false } : { bytes: told, exact: true };
}

function blocksAt(view: Reader): number {
  for (let bytes = 0; ;) {
    const header = view.number(3);
    const [type, size] = [(header >> 1) & 3, header >> 3];
    if (type === 3 || size > mostBytesInABlock) throw new UnpackError('malformed');
    // A run of one byte has that byte; a compressed block may be anything.
    view.skip(type === 1 ? 1 : size);
    bytes += type === 2 ? mostBytesInABlock : size;
    if ((header & 1) === 1) return bytes;
  }
}

class Reader {
  at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  /** Little endian; not exact past 2⁵³, which is more than there may be. */
  number(length: number): number {
    const start = this.at;
    this.skip(length);
    let value = 0;
    for (let index = length - 1; index >= 0; index -= 1) value = value * 256 + (this.bytes[start + index] as number);
    return value;
  }

  skip(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length) throw new UnpackError('truncated');
  }
}
