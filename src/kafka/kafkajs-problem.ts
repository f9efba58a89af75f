import { Problem, type ProblemCode } from '../problem.js';

const codes: Readonly<Record<string, ProblemCode>> = {
  TOPIC_AUTHORIZATION_FAILED: 'kafka_refused',
  GROUP_AUTHORIZATION_FAILED: 'kafka_refused',
  CLUSTER_AUTHORIZATION_FAILED: 'kafka_refused',
  SASL_AUTHENTICATION_FAILED: 'kafka_refused',
  KafkaJSSASLAuthenticationError: 'kafka_refused',
  // kafkajs says this of a group that its user may not join.
  KafkaJSGroupCoordinatorNotFound: 'kafka_refused',
  MESSAGE_TOO_LARGE: 'kafka_message_too_large',
  RECORD_LIST_TOO_LARGE: 'kafka_message_too_large',
  UNKNOWN_TOPIC_OR_PARTITION: 'kafka_topic_unknown',
};

/** What a client's error comes down to. Its message may hold names and addresses: it is the cause, and not shown. */
export function kafkaProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const { type = '', name } = at as Error & { type?: string };
    const code = codes[type] ?? codes[name];
    if (code !== undefined) return new Problem(code, {}, { cause: error });
  }
  return new Problem('kafka_unavailable', {}, { cause: error });
}
