interface Node<T> {
  children: Map<string, Node<T>> | undefined;
  /** Below `+`. */
  any: Node<T> | undefined;
  /** Values of filters that end here. */
  values: Set<T> | undefined;
  /** Values of filters that end in `#` below here. */
  rest: Set<T> | undefined;
}

function createNode<T>(): Node<T> {
  return { children: undefined, any: undefined, values: undefined, rest: undefined };
}

/**
 * Topic filters as a trie of their levels (MQTT 5 §4.7).
 *
 * INVARIANTS
 * - `#` does not match its parent level, unlike the standard: `sensor/#` is not for `sensor` (developer guide,
 *   mqtt.html, "AWS IoT differences from MQTT specifications").
 * - A filter that begins with a wildcard matches no topic that begins with `$` [MQTT-4.7.2-1].
 * - `generation` grows with every change, so that matches can be kept until then.
 */
export class SubscriptionTree<T> {
  generation = 0;
  readonly #root: Node<T> = createNode();

  add(filter: string, value: T): void {
    let node = this.#root;
    const levels = filter.split('/');
    for (const [index, level] of levels.entries()) {
      if (level === '#' && index === levels.length - 1) {
        node.rest ??= new Set();
        node.rest.add(value);
        this.generation++;
        return;
      }
      node = this.#descend(node, level);
    }
    node.values ??= new Set();
    node.values.add(value);
    this.generation++;
  }

  remove(filter: string, value: T): void {
    if (this.#removeFrom(this.#root, filter.split('/'), 0, value)) this.generation++;
  }

  match(topic: string): T[] {
    const found: T[] = [];
    const levels = topic.split('/');
    const reserved = topic.charCodeAt(0) === 0x24;
    this.#collect(this.#root, levels, 0, reserved, found);
    return found;
  }

  #descend(node: Node<T>, level: string): Node<T> {
    if (level === '+') {
      node.any ??= createNode();
      return node.any;
    }
    node.children ??= new Map();
    let child = node.children.get(level);
    if (child === undefined) {
      child = createNode();
      node.children.set(level, child);
    }
    return child;
  }

  #collect(node: Node<T>, levels: readonly string[], index: number, reserved: boolean, found: T[]): void {
    if (index === levels.length) {
      for (const value of node.values ?? []) found.push(value);
      return;
    }
    const wild = !(reserved && index === 0);
    if (wild) for (const value of node.rest ?? []) found.push(value);
    if (wild && node.any !== undefined) this.#collect(node.any, levels, index + 1, reserved, found);
    const child = node.children?.get(levels[index] as string);
    if (child !== undefined) this.#collect(child, levels, index + 1, reserved, found);
  }

  #removeFrom(node: Node<T>, levels: readonly string[], index: number, value: T): boolean {
    if (index === levels.length) return this.#drop(node, 'values', value);
    const level = levels[index] as string;
    if (level === '#' && index === levels.length - 1) return this.#drop(node, 'rest', value);
    const child = level === '+' ? node.any : node.children?.get(level);
    if (child === undefined || !this.#removeFrom(child, levels, index + 1, value)) return false;
    if (isEmpty(child)) {
      if (level === '+') node.any = undefined;
      else node.children?.delete(level);
      if (node.children?.size === 0) node.children = undefined;
    }
    return true;
  }

  #drop(node: Node<T>, side: 'values' | 'rest', value: T): boolean {
    const set = node[side];
    if (set === undefined || !set.delete(value)) return false;
    if (set.size === 0) node[side] = undefined;
    return true;
  }
}

function isEmpty<T>(node: Node<T>): boolean {
  return node.children === undefined && node.any === undefined && node.values === undefined && node.rest === undefined;
}
