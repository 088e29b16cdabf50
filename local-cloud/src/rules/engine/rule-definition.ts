import type { SqlVersion } from '../values/value.ts';

/** One action as the API takes it: its kind and that kind's parameters. */
export interface ActionDefinition {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A topic rule as it is kept. */
export interface RuleDefinition {
  readonly ruleName: string;
  readonly sql: string;
  /** As given; rules without a version run as 2015-10-08. */
  readonly sqlVersion: SqlVersion;
  readonly description?: string;
  readonly actions: readonly ActionDefinition[];
  readonly errorAction?: ActionDefinition;
  readonly disabled: boolean;
  /** ms since the epoch */
  readonly createdAt: number;
  readonly tags?: Readonly<Record<string, string>>;
}
