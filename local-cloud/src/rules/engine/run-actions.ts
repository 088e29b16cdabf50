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
import type { RuleLogs } from './rule-logs.ts';
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
  readonly logs: RuleLogs;
  /** Ends pauses between attempts; what has not succeeded then is left to the next start. */
  readonly stopping: AbortSignal;
}

/** The engine stops before the action has succeeded or failed for good. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What became of an action; undefined when it succeeded. */
type ActionOutcome = ActionFailure | Interrupted | undefined;

/**
 * Carries out a rule's actions for one message, then its error action when one of them failed. Resolves when nothing
 * is left to do, whether or not all went well.
 *
 * This runs for every message of a fleet: actions answer by value, so that waiting for them takes no more promises than
 * there are actions.
 *
 * @throws Interrupted once every action has come to an end
 */
export async function runActions(
  rule: CompiledRule,
  work: ActionWork,
  input: MessageInput,
  runner: ActionRunner,
): Promise<void> {
  const { actions } = rule;
  const runs = actions.map((action) => runAction(rule, action, work, input, runner));
  let failures: ActionFailure[] | undefined;
  let interruption: Interrupted | undefined;
  for (let index = 0; index < runs.length; index++) {
    const outcome = await runs[index];
    if (outcome instanceof Interrupted) interruption ??= outcome;
    else if (outcome !== undefined) failures = [...(failures ?? []), outcome];
  }
  if (interruption !== undefined) throw interruption;
  if (failures !== undefined) await handleFailures(rule, work, failures, input, runner);
}

/** Never rejects. */
async function runAction(
  rule: CompiledRule,
  action: PreparedAction,
  work: ActionWork,
  input: MessageInput,
  runner: ActionRunner,
): Promise<ActionOutcome> {
  if (runner.stopping.aborted) return new Interrupted();
  let outcome: ActionFailure | undefined;
  try {
    if (action.asks.length > 0) await work.settle(action.asks);
    await action.run(work);
  } catch (error) {
    const last = await tryAgain(action, work, input, runner, error);
    if (last instanceof Interrupted) return last;
    outcome = last;
  }
  runner.meter.count(outcome === undefined ? 'rules.actions' : 'rules.actionFailures');
  runner.metrics.actionEnded(rule, action, outcome !== undefined);
  runner.logs.actionEnded(rule, action.failedAction, input, outcome);
  return outcome;
}

/** After a first attempt that failed. */
async function tryAgain(
  action: PreparedAction,
  work: ActionWork,
  input: MessageInput,
  { clock, stopping }: ActionRunner,
  first: unknown,
): Promise<ActionOutcome> {
  let error = first;
  for (let attempt = 1; attempt < MAX_ATTEMPTS && isIntermittent(error); attempt++) {
    await sleep(clock, FIRST_PAUSE_MS * 4 ** (attempt - 1), stopping);
    if (stopping.aborted) return new Interrupted();
    try {
      await action.run(work);
      return undefined;
    } catch (again) {
      error = again;
    }
  }
  return actionFailure(action, work, input.publishedTopic, error);
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
  if (failed instanceof Interrupted) throw failed;
  if (failed === undefined) runner.meter.count('rules.errorActions');
  else runner.log('error', 'rule error action failed', { rule: ruleName, ...failed });
}
