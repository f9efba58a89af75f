/** A checkpoint whose signature was verified when it was read, and the signed note that says so. */
export interface KeptCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** An operator's word that what the log had up to this checkpoint is lost, and why. */
export interface AcceptedLoss {
  readonly lost: KeptCheckpoint;
  readonly reason: string;
}

/**
 * Remembers, outside the database, how far the log had come: a database that was put back to an older state cannot
 * put this back with it. A port, because a file is the first such memory, and a witness and a Kafka topic are others.
 */
export interface CheckpointKeeper {
  /** Where it remembers, for messages to whoever runs it. */
  readonly place: string;
  /** The largest that was kept; undefined where none ever was. @throws Problem checkpoint_file_unusable */
  last(): Promise<KeptCheckpoint | undefined>;
  /** Durable once it resolves. It never goes back: a smaller one than the last is ignored. */
  keep(note: string): Promise<void>;
  /** What an operator accepted as lost, if it is the checkpoint that was kept last. */
  accepted(): Promise<AcceptedLoss | undefined>;
  /** Goes back, this once, after a loss that was accepted. */
  startOverFrom(note: string): Promise<void>;
}
