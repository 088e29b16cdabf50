import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { splitBasicIngest } from '../basic-ingest.ts';
import { type CompiledRule, compileRule, type RuleContext } from './compiled-rule.ts';
import type { RuleDefinition } from './rule-definition.ts';

/** Topics whose rules are remembered; at the limit the memory starts anew. */
const MAX_CACHED_TOPICS = 50_000;
const NONE: readonly CompiledRule[] = [];

/** The account's topic rules, and which of them a message reaches. */
export class RuleDirectory {
  readonly #definitions: Collection<RuleDefinition>;
  readonly #compiled = new Map<string, CompiledRule>();
  #byTopic = new Map<string, readonly CompiledRule[]>();

  constructor(context: RuleContext & Pick<CloudContext, 'store'>) {
    this.#definitions = context.store.collection('rules/definitions');
    for (const definition of this.#definitions.values()) {
      this.#compiled.set(definition.ruleName, compileRule(definition, context));
    }
  }

  get(ruleName: string): CompiledRule | undefined {
    return this.#compiled.get(ruleName);
  }

  has(ruleName: string): boolean {
    return this.#compiled.has(ruleName);
  }

  all(): IterableIterator<CompiledRule> {
    return this.#compiled.values();
  }

  put(rule: CompiledRule): void {
    this.#definitions.put(rule.definition.ruleName, rule.definition);
    this.#compiled.set(rule.definition.ruleName, rule);
    this.#byTopic = new Map();
  }

  delete(ruleName: string): void {
    this.#definitions.delete(ruleName);
    this.#compiled.delete(ruleName);
    this.#byTopic = new Map();
  }

  /** Enabled rules whose FROM matches; for a Basic Ingest topic the one it names, whatever its FROM says. */
  matching(topic: string): readonly CompiledRule[] {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    const found = this.#find(topic);
    if (this.#byTopic.size >= MAX_CACHED_TOPICS) this.#byTopic = new Map();
    this.#byTopic.set(topic, found);
    return found;
  }

  #find(topic: string): readonly CompiledRule[] {
    const ingest = splitBasicIngest(topic);
    if (ingest !== undefined) {
      const rule = this.#compiled.get(ingest.ruleName);
      return rule === undefined || rule.definition.disabled ? NONE : [rule];
    }
    const found = [...this.#compiled.values()].filter(
      ({ definition, statement }) => !definition.disabled && statement.matchesTopic(topic),
    );
    return found.length === 0 ? NONE : found;
  }
}
