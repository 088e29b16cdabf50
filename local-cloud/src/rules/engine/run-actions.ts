import { type Clock, sleep } from '../../core/clock.ts';
import { AwsError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Meter } from '../../core/meter.ts';
import type { ActionWork } from '../actions/action-work.ts';
import { PermanentFailure } from '../actions/permanent-failure.ts';
import type { PreparedAction } from '../actions/rule-action.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { type ActionFailure, actionFailure, errorDocument } from './error-document.ts';
import type { MessageInput } from './message-input.ts';
import type { RuleMetrics } from './rule-metrics.ts';

/**
 * Attempts at one action. AWS only says that it "might make multiple attempts … in case of intermittent errors"
 * ("AWS IoT rule actions"); the one number it gives is the HTTP action's: at most three tries.
 */
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 100;

const THROTTLING = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailableException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

export interface ActionRunner {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly metrics: RuleMetrics;
  /** Ends pauses between attempts; what has not succeeded then is left to the next start. */
  readonly stopping: AbortSignal;
}

/** The engine stops before the action has succeeded or failed for good. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Carries out a rule's actions for one message, then its error action when one of them failed. Resolves when nothing
 * is left to do, whether or not all went well.
 *
 * @throws Interrupted
 */
export async function runActions(
  rule: CompiledRule,
  work: ActionWork,
  input: MessageInput,
  runner: ActionRunner,
): Promise<void> {
  const [only] = rule.actions;
  const outcomes =
    rule.actions.length === 1 && only !== undefined
      ? [await runAction(rule, only, work, input, runner)]
      : await settleAll(rule.actions.map((action) => runAction(rule, action, work, input, runner)));
  const failures = outcomes.filter((outcome) => outcome !== undefined);
  if (failures.length > 0) await handleFailures(rule, work, failures, input, runner);
}

/** All actions come to an end before an interruption is passed on. */
async function settleAll(runs: readonly Promise<ActionFailure | undefined>[]): Promise<(ActionFailure | undefined)[]> {
  const settled = await Promise.allSettled(runs);
  const broken = settled.find((outcome) => outcome.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
}

async function runAction(
  rule: CompiledRule,
  action: PreparedAction,
  work: ActionWork,
  input: MessageInput,
  runner: ActionRunner,
): Promise<ActionFailure | undefined> {
  const failure = await tryAction(action, work, input, runner);
  runner.meter.count(failure === undefined ? 'rules.actions' : 'rules.actionFailures');
  runner.metrics.actionEnded(rule, action, failure !== undefined);
  return failure;
}

async function tryAction(
  action: PreparedAction,
  work: ActionWork,
  input: MessageInput,
  { clock, stopping }: ActionRunner,
): Promise<ActionFailure | undefined> {
  if (action.asks.length > 0) {
    try {
      await work.settle(action.asks);
    } catch (error) {
      return actionFailure(action, work, input.publishedTopic, error);
    }
  }
  for (let attempt = 1; ; attempt++) {
    if (stopping.aborted) throw new Interrupted();
    try {
      await action.run(work);
      return undefined;
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isIntermittent(error)) {
        return actionFailure(action, work, input.publishedTopic, error);
      }
    }
    await sleep(clock, FIRST_PAUSE_MS * 4 ** (attempt - 1), stopping);
  }
}

function isIntermittent(error: unknown): boolean {
  if (!(error instanceof AwsError) || error instanceof PermanentFailure || error.code === 'NotImplemented')
    return false;
  return error.statusCode >= 500 || error.statusCode === 429 || THROTTLING.has(error.code);
}

async function handleFailures(
  rule: CompiledRule,
  work: ActionWork,
  failures: readonly ActionFailure[],
  input: MessageInput,
  runner: ActionRunner,
): Promise<void> {
  const { errorAction } = rule;
  const { ruleName } = rule.definition;
  if (errorAction === undefined) {
    for (const failure of failures) runner.log('error', 'rule action failed', { rule: ruleName, ...failure });
    return;
  }
  for (const failure of failures) runner.log('warn', 'rule action failed', { rule: ruleName, ...failure });
  const failed = await runAction(rule, errorAction, work.with(errorDocument(ruleName, input, failures)), input, runner);
  if (failed === undefined) runner.meter.count('rules.errorActions');
  else runner.log('error', 'rule error action failed', { rule: ruleName, ...failed });
}
