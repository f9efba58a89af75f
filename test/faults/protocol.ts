/** One message of PostgreSQL's protocol, whole, under a name for people: `Bind insert-entries`. */
export interface Message {
  readonly label: string;
  readonly bytes: Buffer;
}

/** By their type byte (PostgreSQL, "Message Formats"). The two sides use the same letters for different things. */
const names = {
  client: {
    Q: 'Query',
    P: 'Parse',
    B: 'Bind',
    D: 'Describe',
    E: 'Execute',
    S: 'Sync',
    H: 'Flush',
    C: 'Close',
    X: 'Terminate',
    p: 'Password',
    d: 'CopyData',
    c: 'CopyDone',
    f: 'CopyFail',
  },
  server: {
    R: 'Authentication',
    S: 'ParameterStatus',
    K: 'BackendKeyData',
    Z: 'ReadyForQuery',
    1: 'ParseComplete',
    2: 'BindComplete',
    3: 'CloseComplete',
    T: 'RowDescription',
    D: 'DataRow',
    C: 'CommandComplete',
    n: 'NoData',
    E: 'ErrorResponse',
    N: 'NoticeResponse',
    A: 'NotificationResponse',
    t: 'ParameterDescription',
    G: 'CopyInResponse',
    H: 'CopyOutResponse',
    d: 'CopyData',
    c: 'CopyDone',
  },
} as const satisfies Record<string, Record<string, string>>;

export type Side = keyof typeof names;

/** Cuts what one side sends into messages, however TCP has chopped it. The first one of a client has no type. */
export class MessageCutter {
  private rest: Buffer = Buffer.alloc(0);
  private started: boolean;

  constructor(private readonly side: Side) {
    this.started = side === 'server';
  }

  cut(chunk: Buffer): Message[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const head = this.started ? 1 : 0;
      if (this.rest.length < head + 4) return messages;
      const length = head + this.rest.readUInt32BE(head);
      if (this.rest.length < length) return messages;
      const bytes = this.rest.subarray(0, length);
      messages.push({ label: this.started ? label(this.side, bytes) : 'Startup', bytes });
      this.rest = this.rest.subarray(length);
      this.started = true;
    }
  }
}

/** The process that serves a connection, as its server tells it; undefined in any other message. */
export function backendPid({ label, bytes }: Message): number | undefined {
  return label === 'BackendKeyData' ? bytes.readUInt32BE(5) : undefined;
}

function label(side: Side, bytes: Buffer): string {
  const type = String.fromCharCode(bytes[0] ?? 0);
  const name = (names[side] as Readonly<Record<string, string>>)[type] ?? `message ${type}`;
  const about = side === 'client' ? aboutRequest(name, bytes.subarray(5)) : aboutAnswer(name, bytes.subarray(5));
  return about === '' ? name : `${name} ${about}`;
}

function aboutRequest(name: string, payload: Buffer): string {
  const [first = '', second = ''] = payload.toString('latin1').split('\0', 2);
  if (name === 'Query') return statement(first);
  if (name === 'Parse') return first === '' ? statement(second) : first;
  if (name === 'Bind') return second;
  return '';
}

function aboutAnswer(name: string, payload: Buffer): string {
  return name === 'CommandComplete' ? (payload.toString('latin1').split('\0', 1)[0] ?? '') : '';
}

const statement = (sql: string): string => sql.replace(/\s+/g, ' ').slice(0, 40);
