import { freeText } from '../log/free-text.js';

/** Why somebody looks, for the log. */
export const Purpose = freeText({ least: 10, most: 500 }).optional();
