import type { IotLogEntry, IotLogs } from '../../core/iot-logs.ts';
import type { PortRegistry } from '../../core/plugin.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { ActionFailure } from './error-document.ts';
import type { MessageInput } from './message-input.ts';

/** What the rules engine tells the AWS IoT logs (developer guide, `cwl-format`, "Rules engine log entries"). */
export class RuleLogs {
  readonly #ports: PortRegistry;
  #logs: IotLogs | undefined;

  constructor(ports: PortRegistry) {
    this.#ports = ports;
  }

  matched(rule: CompiledRule, input: MessageInput): void {
    if (!this.#wants('INFO')) return;
    this.#logs?.write({ logLevel: 'INFO', status: 'Success', eventType: 'RuleMatch', ...aboutOf(rule, input) });
  }

  actionEnded(rule: CompiledRule, ruleAction: string, input: MessageInput, failure: ActionFailure | undefined): void {
    if (!this.#wants(failure === undefined ? 'INFO' : 'ERROR')) return;
    const about = { eventType: 'RuleExecution', ruleAction, ...aboutOf(rule, input) };
    this.#logs?.write(
      failure === undefined
        ? { logLevel: 'INFO', status: 'Success', ...about }
        : { logLevel: 'ERROR', status: 'Failure', ...about, reason: 'ActionFailed', details: failure.errorMessage },
    );
  }

  /** The statement has no output for this message. */
  notEvaluated(rule: CompiledRule, input: MessageInput, details: string): void {
    if (!this.#wants('ERROR')) return;
    const about = { eventType: 'RuleExecution', ...aboutOf(rule, input), reason: 'EvaluationFailed', details };
    this.#logs?.write({ logLevel: 'ERROR', status: 'Failure', ...about });
  }

  notFound(
    ruleName: string,
    topicName: string,
    publisher: { clientId: string; principalId: string } | undefined,
  ): void {
    if (!this.#wants('ERROR')) return;
    this.#logs?.write({
      logLevel: 'ERROR',
      status: 'Failure',
      eventType: 'RuleNotFound',
      clientId: publisher?.clientId ?? 'N/A',
      topicName,
      ruleName,
      principalId: publisher?.principalId,
      reason: 'RuleNotFound',
      details: `Rule ${ruleName} not found`,
    });
  }

  #wants(level: IotLogEntry['logLevel']): boolean {
    this.#logs ??= this.#ports.find('iotLogs');
    return this.#logs?.wants(level) === true;
  }
}

function aboutOf({ definition }: CompiledRule, input: MessageInput) {
  return {
    clientId: input.clientId ?? 'N/A',
    topicName: input.publishedTopic,
    ruleName: definition.ruleName,
    principalId: input.principal,
    sourceIp: input.sourceIp,
  };
}
