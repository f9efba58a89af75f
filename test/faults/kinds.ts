import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxiedConnection } from './proxy.js';
import type { FaultServer } from './server.js';
import { signal } from './server.js';
import type { WriterProcess } from './writer-process.js';

/** What a fault may lay hands on. */
export interface Victim {
  readonly connection: ProxiedConnection;
  readonly writer: WriterProcess;
  readonly server: FaultServer;
  /** Resolves when everybody has ended or given up on what this fault left hanging. */
  readonly over: Promise<void>;
  /** From here on the server is being started again, in the background. */
  restart(): void;
}

interface Kind {
  readonly does: string;
  /** About how long a round of it takes: the costly ones are dealt less often in CI. */
  readonly costly: boolean;
  /** Only on a disk that may be filled. */
  readonly fillsDisk?: boolean;
  strike(victim: Victim): Promise<void>;
}

/** Past any append of this machine, and below every bound that the fault tests set. */
const stalledMs = 250;
/** Past the bounds that a connection and a transaction have in the fault tests. */
const frozenMs = 2_500;

/**
 * The faults. Struck before a message, it never arrives; struck after one towards PostgreSQL, it arrives and its
 * answer is lost; struck after one towards the service, the answer arrives and then it happens.
 */
export const kinds = {
  cut: {
    does: 'the connection is reset',
    costly: false,
    strike: async ({ connection }) => connection.reset(),
  },
  finish: {
    does: 'the connection is closed on both sides',
    costly: false,
    strike: async ({ connection }) => connection.finish(),
  },
  stall: {
    does: 'the connection stalls, and goes on',
    costly: false,
    strike: async ({ connection }) => {
      const stalled = sleep(stalledMs);
      connection.hold(stalled);
      await stalled;
    },
  },
  'stall-cut': {
    does: 'the connection stalls, and is reset',
    costly: false,
    strike: async ({ connection }) => {
      const stalled = sleep(stalledMs);
      connection.hold(stalled);
      await stalled;
      connection.reset();
    },
  },
  late: {
    does: 'the service loses its connection, and what it sent arrives later',
    costly: false,
    strike: async ({ connection }) => {
      const stalled = sleep(stalledMs);
      connection.hold(stalled);
      connection.finishClient();
      await stalled;
    },
  },
  blackhole: {
    does: 'nothing passes any more, and nobody is told',
    costly: true,
    strike: async ({ connection, over }) => {
      connection.hold(over);
      await over;
      connection.reset();
    },
  },
  'kill-writer': {
    does: 'the service is killed',
    costly: true,
    strike: async ({ connection, writer }) => {
      await writer.kill();
      connection.abandon();
    },
  },
  freeze: {
    does: 'the service stands still, past every timeout, and goes on',
    costly: true,
    strike: async ({ writer }) => {
      writer.freeze();
      await sleep(frozenMs);
      writer.thaw();
    },
  },
  'terminate-backend': {
    does: 'an administrator ends the PostgreSQL process that serves it',
    costly: false,
    strike: async ({ connection }) => {
      if (connection.backend !== undefined) signal(connection.backend, 'SIGTERM');
    },
  },
  'kill-backend': {
    does: 'the PostgreSQL process that serves it is killed, and PostgreSQL recovers',
    costly: true,
    strike: async ({ connection }) => {
      if (connection.backend !== undefined) signal(connection.backend, 'SIGKILL');
    },
  },
  'kill-postmaster': {
    does: "PostgreSQL's first process is killed",
    costly: true,
    strike: async ({ server, restart }) => {
      server.killPostmaster();
      restart();
    },
  },
  'kill-postgres': {
    does: 'every process of PostgreSQL is killed at once',
    costly: true,
    strike: async ({ server, restart }) => {
      await server.killAll();
      restart();
    },
  },
  'full-disk': {
    does: 'the disk is full',
    costly: true,
    fillsDisk: true,
    strike: ({ server }) => server.fillDisk({ newSegment: false }),
  },
  'full-disk-wal': {
    does: 'the disk is full, and the write-ahead log needs another file: PostgreSQL panics',
    costly: true,
    fillsDisk: true,
    strike: ({ server }) => server.fillDisk({ newSegment: true }),
  },
  quit: {
    does: 'PostgreSQL is shut down without waiting for anything',
    costly: true,
    strike: async ({ server, restart }) => {
      server.quit();
      restart();
    },
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];
/** Over at once, so that every point can be met by each of them. */
export const isQuick = (kind: KindName): boolean => ['cut', 'finish', 'terminate-backend'].includes(kind);
export const fillsDisk = (kind: KindName): boolean => (kinds[kind] as Kind).fillsDisk === true;
export const strikeOf = (kind: KindName): Kind['strike'] => kinds[kind].strike;
