import type { MetricDimensions, MetricSeries } from '../../core/metrics.ts';
import type { PortRegistry } from '../../core/plugin.ts';
import type { PreparedAction } from '../actions/rule-action.ts';
import type { CompiledRule } from './compiled-rule.ts';

const NAMESPACE = 'AWS/IoT';

interface Outcomes {
  readonly success: MetricSeries | undefined;
  readonly failure: MetricSeries | undefined;
}

interface RuleSeries {
  readonly matched: MetricSeries | undefined;
  readonly actions: Map<PreparedAction, Outcomes>;
}

/**
 * What the rules engine says of itself (developer guide, `metrics_dimensions`, "Rule metrics", "Rule action metrics").
 * `ActionType` is the name in the API that `iot-rule-actions` gives. Without CloudWatch nothing is counted.
 */
export class RuleMetrics {
  readonly #ports: PortRegistry;
  readonly #series = new WeakMap<CompiledRule, RuleSeries>();
  #executed: MetricSeries | undefined;

  constructor(ports: PortRegistry) {
    this.#ports = ports;
  }

  /** A message reaches the rule, which is about to run. */
  matched(rule: CompiledRule): void {
    this.#of(rule).matched?.put(1);
    this.#executed ??= this.#make('RulesExecuted', {});
    this.#executed?.put(1);
  }

  notFound(ruleName: string): void {
    this.#make('RuleNotFound', { RuleName: ruleName })?.put(1);
  }

  actionEnded(rule: CompiledRule, action: PreparedAction, failed: boolean): void {
    const { actions } = this.#of(rule);
    let outcomes = actions.get(action);
    if (outcomes === undefined) {
      const dimensions = { RuleName: rule.definition.ruleName, ActionType: action.kind };
      const prefix = action === rule.errorAction ? 'ErrorAction' : '';
      outcomes = {
        success: this.#make(`${prefix}Success`, dimensions),
        failure: this.#make(`${prefix}Failure`, dimensions),
      };
      actions.set(action, outcomes);
    }
    (failed ? outcomes.failure : outcomes.success)?.put(1);
  }

  #of(rule: CompiledRule): RuleSeries {
    let series = this.#series.get(rule);
    if (series === undefined) {
      const matched = this.#make('TopicMatch', { RuleName: rule.definition.ruleName });
      series = { matched, actions: new Map() };
      this.#series.set(rule, series);
    }
    return series;
  }

  #make(name: string, dimensions: MetricDimensions): MetricSeries | undefined {
    return this.#ports.find('metrics')?.series(NAMESPACE, name, dimensions, 'Count');
  }
}
