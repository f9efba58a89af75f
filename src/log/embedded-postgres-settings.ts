/** What must hold on every start, whoever asks otherwise. On the command line it also beats ALTER SYSTEM. */
const firm = {
  // An acknowledged entry survives a power cut (DESIGN.md, section 2.1).
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Reached from this machine only, and only with a password: pg_hba.conf lets nobody in without one.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // No statement and no value reaches the server's log. ERROR ranks below LOG there, so `log` drops the
  // messages that quote a value (`invalid input syntax for type integer: "…"`); `terse` drops the DETAIL
  // that quotes the running statement when a backend dies.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_duration: 'off',
  log_lock_waits: 'off',
  log_destination: 'stderr',
  logging_collector: 'off',
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
} as const satisfies Record<string, string>;

/** One machine, one service, little memory while idle. A caller may ask otherwise. */
const modest = {
  shared_buffers: '32MB',
  max_connections: '60',
  wal_buffers: '4MB',
  min_wal_size: '64MB',
  max_wal_size: '256MB',
  maintenance_work_mem: '32MB',
  huge_pages: 'off',
  jit: 'off',
  io_method: 'sync', // PostgreSQL 18 otherwise keeps three I/O worker processes
  autovacuum_max_workers: '1',
  autovacuum_worker_slots: '2',
  max_worker_processes: '2',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0', // otherwise a launcher process, for nothing
  max_wal_senders: '2', // enough to take a base backup
  max_replication_slots: '1',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const satisfies Record<string, string>;

/**
 * The server's arguments. `own` overrides what is modest.
 * @throws Error where `own` names a setting that is firm.
 */
export function settingArguments(port: number, own: Readonly<Record<string, string>>): string[] {
  const refused = Object.keys(own).filter((name) => name.toLowerCase() in firm);
  if (refused.length > 0) throw new Error(`These settings of the embedded PostgreSQL are firm: ${refused.join(', ')}`);
  const all = { ...modest, ...own, ...firm, port: String(port) };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
