/**
 * The catalogue: every named part of a record, the same across capture formats, and its class.
 * Its version is bound into every sealed column, so a column can never be read under another meaning. A field more
 * changes the meaning of none, and so not the version (docs/decisions/0036).
 */
export const catalogueVersion = 1;

/** Sensitivity of a field, mildest first. The class decides what a release takes (access/policy.ts). */
export const classes = ['basic', 'sensitive', 'private', 'strict'] as const;
export type FieldClass = (typeof classes)[number];

export const fields = {
  time: { class: 'basic', holds: 'the time of each single record' },
  kind: { class: 'basic', holds: 'what sort of event each record is, without its content' },
  pointer: { class: 'sensitive', holds: 'mouse, touch and scroll positions' },
  url: { class: 'sensitive', holds: 'addresses of pages and resources' },
  window: { class: 'sensitive', holds: 'window titles, applications and sizes' },
  typed: { class: 'private', holds: 'what was typed or pasted' },
  screen: { class: 'private', holds: 'the structure and look of the screen, without its text' },
  'screen.text': { class: 'private', holds: 'text that was on the screen' },
  // All that stands on a screen stands in its video: conversations too, and nobody can mask a part of a picture.
  'screen.video': { class: 'strict', holds: 'videos of the screen, with all that was on it' },
  prompt: { class: 'private', holds: 'what was asked of a model' },
  response: { class: 'private', holds: 'what a model answered' },
  reasoning: { class: 'private', holds: "a model's reasoning" },
  'tool.input': { class: 'private', holds: 'what a tool was called with' },
  'tool.output': { class: 'private', holds: 'what a tool answered' },
  conversation: { class: 'strict', holds: 'private conversations between people' },
  performance: { class: 'strict', holds: 'performance information about a person' },
  raised: {
    class: 'strict',
    holds: 'values in which a secret or an identifier was found, by the field that they are of',
  },
  other: { class: 'strict', holds: 'everything that no other field names' },
} as const satisfies Record<string, { class: FieldClass; holds: string }>;

export type FieldName = keyof typeof fields;
export const fieldNames = Object.keys(fields) as FieldName[];

export const classOf = (field: FieldName): FieldClass => fields[field].class;
