import { checkJsonData } from '../../sealing/json-data.js';

/**
 * Whether a column can hold it (sealing/json-data.ts has the limits). To be asked of a record, and again of what is
 * written inside of its texts: what is too deep there ends functions that call themselves as well.
 */
export function isStorable(data: unknown): boolean {
  try {
    checkJsonData([data]);
    return true;
  } catch {
    // Too deep, too many, or a number that JSON.parse made infinite.
    return false;
  }
}
