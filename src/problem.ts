/**
 * Every way that Custos refuses or fails, as a stable code (RFC 9457 problem details).
 * Title and detail are constants: nothing that a caller or a row contained ever enters a message.
 * What varies is a typed member. "It did not happen" and "we do not know" are different codes.
 */
export const problems = {
  // The caller's message
  body_malformed: [400, 'The body is not well-formed', 'Send valid JSON in UTF-8.'],
  body_too_large: [413, 'The body is too large', 'Send fewer records at once; `limit` is the largest size in bytes.'],
  media_type_unsupported: [415, 'The media type is not supported', 'Send application/json.'],
  encoding_unsupported: [
    415,
    'The Content-Encoding is not supported',
    'Send gzip, zstd or br, or none; one at a time.',
  ],
  encoding_malformed: [
    400,
    'The compressed body cannot be unpacked',
    'It is cut off, damaged, or not of its Content-Encoding. Compress and send it again.',
  ],
  input_invalid: [422, 'The input does not fit its schema', '`issues` names each place and the rule it breaks.'],
  route_unknown: [404, 'There is no such route', 'GET /openapi.json lists the routes.'],
  command_reused: [409, 'This command id was used for something else', 'Use a new Idempotency-Key for a new intent.'],
  // Capture
  format_unknown: [422, 'There is no such capture format', '`custos ingest --help` lists the formats.'],
  recording_malformed: [
    422,
    'The recording is not of its format',
    'Nothing of it was stored. `index` is the first bad record, from 0.',
  ],
  recording_truncated: [422, 'The recording ends in the middle', 'Nothing of it was stored. Capture or copy it again.'],
  recording_empty: [422, 'The recording holds no record', 'Nothing was stored. Check that this is the right file.'],
  record_unstorable: [
    422,
    'The record is more than can be kept',
    'It nests too deep, holds too many values, or a number that JSON cannot hold. The records beside it are kept.',
  ],
  sequence_gap: [409, 'Records are missing before these', 'Send from the sequence number `expected` on.'],
  sequence_overlap: [
    409,
    'Some of these are stored already',
    'What is sealed cannot be cut. Seal and send from the sequence number `expected` on.',
  ],
  column_changed: [
    422,
    'A sealed column is not the one that was named',
    'It was changed on its way, or its hash was. Nothing was stored. Send it again.',
  ],
  batch_signature_invalid: [
    403,
    'The signature of the source does not cover this',
    'What was signed is of another log, session, subject, place or column. Nothing was stored.',
  ],
  source_key_unknown: [
    403,
    'The key that signed this does not count',
    'It is not enrolled for you, or was revoked or has expired. Nothing was stored.',
  ],
  subject_key_mismatch: [
    409,
    'This is not sealed to the key of the subject',
    'Ask for the key with POST /v1/subjects/ID/key, and seal again.',
  ],
  records_unsealed: [
    409,
    'Records of this subject are stored',
    'Only their number was sent. Ask for the key with POST /v1/subjects/ID/key, seal and send.',
  ],
  records_late: [
    409,
    'The session has gone on without these',
    'Messages of a topic came without them. They are not stored; the topic still has them until its retention ends.',
  ],
  message_malformed: [
    422,
    'The message is no CloudEvent',
    'A topic of records takes CloudEvents 1.0, structured in JSON or binary, with the session as key.',
  ],
  payload_unsealed: [
    422,
    'The message holds something else than a sealed batch',
    'What is on a broker must be sealed by its source: docs/formats/sealed-batch.md. Nothing of it was stored.',
  ],
  payload_missing: [
    409,
    'The log does not have what the message says was stored',
    'A message about records that went by HTTP is sent after their answer, and names each batch and column hash.',
  ],
  session_conflict: [
    409,
    'The session belongs to another subject or format',
    'A session is one subject and one format; use a new session id.',
  ],
  session_contended: [409, 'Other writers kept changing this session', 'Nothing was stored. Send the records again.'],
  session_unknown: [404, 'There is no such session for you', 'Check the id with `custos session ls`.'],
  // Who asks
  token_missing: [401, 'No token was sent', 'Send `Authorization: Bearer TOKEN`; in dev mode use `custos --as NAME`.'],
  token_invalid: [401, 'The token is not valid', 'Get a new one: it may have expired, or be for another audience.'],
  identity_provider_unavailable: [
    503,
    'The identity provider does not answer',
    'Without its keys no token can be checked, so nobody may ask. Try again later.',
  ],
  role_missing: [403, 'Your role may not ask this', 'GET /openapi.json says for each route who may ask.'],
  // Access
  request_unknown: [404, 'There is no such request for you', 'Check the id with `custos request ls`.'],
  request_refused: [403, 'The request was refused', '`rules` names what it breaks.'],
  approval_refused: [403, 'The signature was not accepted', '`rules` names what it breaks.'],
  act_unknown: [404, 'There is no such act', 'GET /v1/acts lists them.'],
  act_refused: [403, 'The act or its signature was not accepted', '`rules` names what it breaks.'],
  key_refused: [
    409,
    'The key was not enrolled, rotated or revoked',
    '`rules` says why. A key counts once, for one person and at most 400 days; keys of the trust file end with it.',
  ],
  policy_refused: [
    422,
    'The policy was refused',
    '`rules` names each floor that it is below, or why it does not follow on the policy in force. `custos policy check` tells the floors.',
  ],
  reach_exceeded: [
    409,
    'More would be within reach than the policy allows at once',
    '`exceeded` has the numbers. Ask for less, or let somebody lose their reach first; a larger quorum may allow it.',
  ],
  programme_unassured: [
    409,
    'The programme may not go on yet',
    '`rules` says what is missing. It takes a green `custos assurance` that is recent, made during this pause, and named in the act.',
  ],
  break_glass_refused: [
    403,
    'The glass stays whole, or its review was not accepted',
    '`rules` names what is above what one officer may open alone, or a review that is missing or not theirs to sign.',
  ],
  grant_unknown: [404, 'There is no such grant for you', 'Check the id with `custos request ls`.'],
  disclosure_denied: [
    403,
    'Nothing was released',
    '`rules` names every rule that denies it. The refusal is in the log.',
  ],
  disclosure_stopped: [
    403,
    'The release was stopped',
    'It was locked, revoked or erased meanwhile. What came before counts as read.',
  ],
  subject_unknown: [404, 'There is no such subject for you', 'Nothing was ever stored of this id.'],
  subject_erased: [
    410,
    'The subject was erased',
    'Their key is destroyed, nobody can open these records. `position` is the tombstone.',
  ],
  columns_expired: [
    410,
    'All of this is past its retention',
    'It was deleted, and nobody can open it. `position` is the entry that gave it up.',
  ],
  // Sealed data
  key_unknown: [
    500,
    'The key that sealed this is not known',
    'Nothing was released. Check that the right key store is attached.',
  ],
  tampered: [
    500,
    'What is stored is not what was sealed',
    'Nothing more was released. Run `custos verify` and treat this as an incident.',
  ],
  keyholder_refused: [
    403,
    'The keyholder would not open',
    'It replayed the log and came to another decision. Run `custos verify`.',
  ],
  keyholder_unavailable: [503, 'The keyholder does not answer', 'Nothing was released. Try again later.'],
  // The log
  log_busy: [503, 'The log is busy', 'Nothing was stored. Try again after `retryAfterSeconds`.'],
  copies_full: [
    503,
    'You have too many copies open',
    '`limit` are open already. Come back after `retryAfterSeconds`, when one of them has ended.',
  ],
  followers_full: [
    503,
    'Too many follow the log',
    '`limit` follow already. Come back after `retryAfterSeconds`; reading without following still works.',
  ],
  log_unavailable: [503, 'The log cannot be reached', 'Nothing was stored. Try again later.'],
  entry_too_large: [
    422,
    'The entry would be too large',
    'Nothing was stored. Name less at once; `limit` is the largest size of its header in bytes.',
  ],
  outcome_unknown: [
    503,
    'Whether it was stored is not known',
    'Send the same command id again: it gets the answer of the first time.',
  ],
  incident_unknown: [404, 'There is no such incident', 'Check the id with `custos incident ls`.'],
  incident_closed: [
    409,
    'The incident is closed',
    'What was decided stands. Open another one, and name this one in it.',
  ],
  projection_replaced: [
    409,
    'Somebody else made this projection anew at the same time',
    'Nothing was changed by this one. Look at what there is, or ask again.',
  ],
  projection_stopped: [
    500,
    'A projection stands still at this position',
    'It could not fold that entry. `custos verify` says whether the entry is sound; then start a version that knows it.',
  ],
  projection_unknown: [404, 'There is no such projection', '`custos history replay --help` names them.'],
  moment_ahead: [400, 'That moment is not over', 'Ask about the past: more entries may still come to stand before it.'],
  moments_reversed: [400, 'The first moment is after the second', 'Name the earlier one first.'],
  range_too_large: [
    400,
    'More happened between these moments than one answer holds',
    'Ask about a shorter range; `limit` is how much there may be in one.',
  ],
  position_unknown: [404, 'The log has no such position', '`size` is how many entries it has.'],
  tile_unknown: [
    404,
    'The log has no such tile yet',
    '`size` is how many entries it has. Ask for tiles of a checkpoint that you hold.',
  ],
  checkpoint_not_cosigned: [
    404,
    'No checkpoint that covers this has that many cosignatures',
    'Ask for fewer, or again in some seconds; `size` is how far the newest goes that has them.',
  ],
  log_corrupt: [
    500,
    'The log does not match its checkpoint',
    'Stop, and run `custos verify`; `position` is the first that differs.',
  ],
  log_too_new: [
    500,
    'The log holds entries of a newer version of this program',
    '`position` is the first that this one cannot read. Nothing was written. Start the version that wrote it, or a later one.',
  ],
  log_rolled_back: [
    500,
    'The log is shorter than it was',
    '`kept` entries were there, `size` are left: a backup was restored, or entries were removed. Nothing was written.',
  ],
  log_forked: [
    500,
    'The log is not the one that was there',
    'It holds other entries below `kept` than before: another copy went on. Nothing was written.',
  ],
  // Kafka
  kafka_unavailable: [
    503,
    'Kafka does not answer',
    'What was sent may be there or not. It is tried again; look at the brokers if it lasts.',
  ],
  kafka_refused: [403, 'Kafka does not let us', 'Check user, password and the ACLs of docs/operating/kafka.md.'],
  kafka_topic_unknown: [404, 'Kafka has no such topic', 'Make the topics as docs/operating/kafka.md says.'],
  kafka_message_too_large: [
    422,
    'Kafka takes no message of this size',
    'Make `max.message.bytes` of the topic larger than CUSTOS_KAFKA_MAX_MESSAGE_BYTES.',
  ],
  kafka_position_unknown: [
    409,
    'The topic does not have the position to go on from',
    'It was made anew, or lost messages before they were read. docs/operating/kafka.md says what to do.',
  ],
  kafka_published_by_another: [
    409,
    'Another instance publishes the log',
    'Nothing is lost: what both sent is in the topic twice. This instance waits for its turn.',
  ],
  // Start
  setting_invalid: [500, 'Settings are missing or wrong', '`issues` names each one.'],
  root_key_missing: [
    500,
    'The root key cannot be read',
    'Without it nothing can be opened. Restore the file that CUSTOS_ROOT_KEY_FILE names.',
  ],
  root_key_wrong: [
    500,
    'This is another root key',
    'It does not open the keys that are stored. Restore the one of this installation, or of before its last rotation.',
  ],
  root_key_unsealed: [
    500,
    'The root key lies in the clear',
    'CUSTOS_ROOT_KEY_TRANSIT_URL is set: seal the file with `custos root-key seal`, or leave that setting out.',
  ],
  root_key_unavailable: [
    500,
    'The key service did not open the root key',
    'Check its address, whether it is unsealed, and the token in CUSTOS_ROOT_KEY_TRANSIT_TOKEN_FILE.',
  ],
  trust_file_invalid: [500, 'The trust file cannot be read', 'Check the file that CUSTOS_TRUST_FILE names.'],
  checkpoint_file_unusable: [
    500,
    'The memory of the last checkpoint cannot be used',
    '`file` must be readable and writable, and hold a checkpoint that this log signed, or not be there yet.',
  ],
  witnesses_unreachable: [
    503,
    'Too few witnesses answer',
    '`limit` must say how far the log had come before this starts; `witnesses` did not. Nothing was written. Try again, or ask for fewer (docs/operating/witness.md).',
  ],
  witness_file_invalid: [
    500,
    'The file about witnesses or their logs cannot be used',
    '`file` must be there and fit: `issues` names each place and the rule it breaks. docs/operating/witness.md has examples.',
  ],
  witness_memory_unusable: [
    500,
    'What a witness remembers cannot be used',
    '`file` must be readable and writable, and hold a checkpoint that its log signed. Restore its newest copy; never remove it to get on.',
  ],
  database_not_durable: [
    500,
    'The database does not write durably',
    'Turn on `setting` in PostgreSQL, or acknowledged entries can be lost.',
  ],
  database_read_only: [
    500,
    'The database takes no writes',
    'It is a standby, or read-only by `setting`. Connect to the primary.',
  ],
  role_too_powerful: [
    500,
    'The database role may do more than its part needs',
    'Take the right `setting` from it, or connect as the role that the migrations made for this part.',
  ],
  guards_changed: [
    500,
    'The database no longer guards the log',
    '`setting` is missing, disabled, changed, or none of ours. Find out who did that, run `custos verify`, and undo it.',
  ],
  backup_exists: [
    409,
    'There is something in that place already',
    'Name a folder that is not there yet. One that ends in .partial was left by a backup that did not come to its end.',
  ],
  backup_unwritable: [500, 'The backup cannot be written there', 'The folder around it must be there, and writable.'],
  backup_unusable: [
    422,
    'The backup cannot be used',
    '`file` is missing, damaged, or not of this log. Nothing was written. Take another copy of it.',
  ],
  restore_not_empty: [
    409,
    'The database is not empty',
    'A backup is put into an empty database only. Nothing was written. Make another one.',
  ],
  upcaster_missing: [
    500,
    'This program cannot read what older versions wrote',
    'The step from `version` of the entries to the next is missing, or stands there without a next one. Take another build.',
  ],
  schema_mismatch: [500, 'The database schema is of another version', 'Run `custos migrate` of this version.'],
  data_in_use: [500, 'Another Custos runs on this data folder', 'Stop it first, or name another folder with --data.'],
  // The command line
  usage: [400, 'This is not how it is used', 'See --help.'],
  passphrase_wrong: [
    403,
    'The passphrase does not open this key',
    'It is another one, or the file was changed. Nothing was signed. A lost passphrase is a lost key: `custos key rotate`.',
  ],
  service_unreachable: [503, 'The service does not answer', 'Start it with `npm start`, or set CUSTOS_URL.'],
  not_verified: [500, 'Verification failed', '`problems` names each position and the check that failed.'],
  internal: [500, 'Something went wrong here', 'The cause is in the service log under `incident`, without any value.'],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>;

export type ProblemCode = keyof typeof problems;

/** Members are numbers, names of ours, or paths: never a value that a caller sent. */
export interface ProblemMembers {
  readonly position?: number;
  readonly size?: number;
  /** Of the entries' headers. */
  readonly version?: number;
  /** Entries that the log had, by a checkpoint kept outside the database. */
  readonly kept?: number;
  /** A path from the settings. */
  readonly file?: string;
  readonly limit?: number;
  readonly index?: number;
  /** Keys that a root key does not open. */
  readonly unopened?: number;
  readonly expected?: number;
  readonly retryAfterSeconds?: number;
  /** Names out of the settings. */
  readonly witnesses?: readonly string[];
  readonly setting?: string;
  readonly incident?: string;
  readonly rules?: readonly string[];
  /** Counts above a ceiling of the policy; `of` is a field or a class. */
  readonly exceeded?: readonly Exceeded[];
  readonly issues?: readonly { readonly path: string; readonly rule: string }[];
  readonly problems?: readonly { readonly position: number; readonly check: string }[];
}

export interface Exceeded {
  readonly ceiling: 'mostPersonsAtOnce' | 'mostSubjectsAtOnce';
  readonly of: string;
  readonly limit: number;
  /** The largest count that there would be. */
  readonly found: number;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly code: ProblemCode,
    readonly members: ProblemMembers = {},
    options?: { cause: unknown },
  ) {
    super(`${code}: ${problems[code][1]}`, options);
  }

  get status(): number {
    return problems[this.code][0];
  }

  /** The body of the answer, and of `--json` on the command line. */
  toJSON() {
    const [status, title, detail] = problems[this.code];
    return {
      type: `https://custos.example/problems/${this.code}`,
      code: this.code,
      status,
      title,
      detail,
      ...this.members,
    };
  }
}

/** For logs, metrics and reports: of any other error nothing is repeated. */
export const codeOf = (error: unknown): ProblemCode => (error instanceof Problem ? error.code : 'internal');
