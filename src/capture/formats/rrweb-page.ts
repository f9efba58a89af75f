import type { Json, JsonObject } from './format.js';
import { partOf } from './keyed-parts.js';

/** The nodes that stand on a page while it is played, by their ids. */
export class Page {
  private readonly children = new Map<number, number[]>();
  /** Stands in for a node that is not shown: the body, or the document. */
  readonly anchor: number;

  constructor(root: JsonObject) {
    this.show(root);
    this.anchor = bodyOf(root) ?? (root['id'] as number);
  }

  has(id: Json | undefined): boolean {
    return typeof id === 'number' && this.children.has(id);
  }

  /** A mutation as far as its nodes are here; undefined if nothing of it is. */
  mutated(data: JsonObject): JsonObject | undefined {
    const removes = listIn(data, 'removes').filter((one) => this.has(one['parentId']) && this.has(one['id']));
    for (const { id } of removes) this.hide(id as number);
    const adds = this.added(listIn(data, 'adds'));
    const texts = listIn(data, 'texts').filter((one) => this.has(one['id']));
    const attributes = listIn(data, 'attributes').filter((one) => this.has(one['id']));
    if (removes.length + adds.length + texts.length + attributes.length === 0) return undefined;
    return { ...data, texts, attributes, removes, adds };
  }

  /** Those whose parent is here, or comes with them: rrweb lets a child stand before its parent. */
  private added(adds: readonly JsonObject[]): JsonObject[] {
    const waiting = new Map<number, JsonObject[]>();
    const accepted = new Set<JsonObject>();
    const accept = (add: JsonObject): void => {
      const ready = [add];
      for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
        accepted.add(one);
        for (const id of this.show(one['node'] as JsonObject, one['parentId'] as number)) {
          ready.push(...(waiting.get(id) ?? []));
          waiting.delete(id);
        }
      }
    };
    for (const add of adds) {
      const parent = add['parentId'] as number;
      if (this.has(parent)) accept(add);
      else if (waiting.has(parent)) waiting.get(parent)?.push(add);
      else waiting.set(parent, [add]);
    }
    const siblings = (add: JsonObject, key: string) =>
      Object.hasOwn(add, key) ? { [key]: this.has(add[key]) ? (add[key] as Json) : null } : {};
    return adds
      .filter((add) => accepted.has(add))
      .map((add) => ({ ...add, ...siblings(add, 'nextId'), ...siblings(add, 'previousId') }));
  }

  /** @returns the ids of the whole subtree. */
  private show(node: JsonObject, parent?: number): number[] {
    const id = node['id'] as number;
    this.children.set(id, []);
    if (parent !== undefined) this.children.get(parent)?.push(id);
    return [id, ...listIn(node, 'childNodes').flatMap((child) => this.show(child, id))];
  }

  /** Not by recursion: mutation upon mutation may nest deeper than any stack. */
  private hide(root: number): void {
    const going = [root];
    for (let id = going.pop(); id !== undefined; id = going.pop()) {
      for (const child of this.children.get(id) ?? []) going.push(child);
      this.children.delete(id);
    }
  }
}

const listIn = (object: JsonObject, key: string): JsonObject[] => (partOf(object, key) ?? []) as JsonObject[];

function bodyOf(node: JsonObject): number | undefined {
  if (node['tagName'] === 'body') return node['id'] as number;
  for (const child of listIn(node, 'childNodes')) {
    const found = bodyOf(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
