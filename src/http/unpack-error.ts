export type UnpackFault = 'truncated' | 'malformed' | 'too_large';

/** Why something cannot be unpacked; what it holds is not in it. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
  constructor(readonly fault: UnpackFault) {
    super(fault);
  }
}
