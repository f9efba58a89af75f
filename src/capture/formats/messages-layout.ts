import type { Json } from './format.js';
import { isFrame } from './frames.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { told, whole, word, type Layout } from './layout.js';
import { byType, contentFields, contentOf, finishReason, messageLayout } from './message-layout.js';
import { responseItems, usage } from './response-items.js';
import { anything, count, flag, nothing } from './shapes.js';

const message = messageLayout();
const items = byType(responseItems);

/** One of the answers of a chat completion, or a piece of one in a stream. */
const choice: Layout = {
  keys: {
    index: told(count),
    finish_reason: finishReason,
    message,
    // A stream names the role once, in its first piece.
    delta: messageLayout(undefined, 'assistant'),
    logprobs: whole('response', (value) => value === null || isObject(value)),
    text: whole('response', (value) => typeof value === 'string'),
  },
};
const asked = contentOf('prompt');
const answered = contentOf('response');

/** A document whose lists are empty. What it says besides is `other`: names of models, tools, settings, addresses. */
const documentLayout = (inside: Layout): Layout => ({
  keys: {
    ...Object.fromEntries(['messages', 'input', 'system', 'instructions', 'prompt'].map((key) => [key, asked])),
    ...Object.fromEntries(['choices', 'output', 'output_text'].map((key) => [key, answered])),
    object: word('chat.completion', 'chat.completion.chunk', 'response', 'list', 'realtime.response'),
    stream: told(flag),
    usage,
    body: inside,
    request: inside,
    response: inside,
  },
});
const document = documentLayout(documentLayout(documentLayout(whole('other', anything))));

const frame: Layout = {
  keys: {
    frame: {
      choose: (value) =>
        value === null
          ? told(nothing)
          : { each: word('messages', 'input', 'choices', 'output', 'body', 'request', 'response') },
    },
    of: { choose: (value) => (Array.isArray(value) ? asked : document) },
  },
};

export const recordLayout: Layout = {
  choose: (value) => {
    if (isFrame(value)) return frame;
    if (isChoice(value)) return choice;
    const role = partOf(value, 'role');
    return typeof role === 'string' && Object.hasOwn(contentFields, role) ? message : items;
  },
};

const isChoice = (value: Json) => isObject(partOf(value, 'message')) || isObject(partOf(value, 'delta'));

/** Whether a document is a record by itself. */
export const isMessageLike = (value: Json): boolean =>
  typeof (partOf(value, 'role') ?? partOf(value, 'type')) === 'string';
