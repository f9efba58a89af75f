/** Parsers of what came from outside throw; to whoever verifies, that is one answer. */
export function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
