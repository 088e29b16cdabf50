import type { TopicRulePayload } from '@aws-sdk/client-iot';
import { AwsError } from '../core/errors.ts';
import type { ActionDefinition, RuleDefinition } from './engine/rule-definition.ts';
import { MAX_ACTIONS_PER_RULE, MAX_RULE_NAME, RULE_NAME_PATTERN } from './limits.ts';
import { DEFAULT_SQL_VERSION, isSqlVersion, SQL_VERSIONS } from './values/value.ts';

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}

export function requireRuleName(ruleName: string | undefined): string {
  if (ruleName === undefined || ruleName === '') throw invalidRequest('ruleName must not be empty');
  if (ruleName.length > MAX_RULE_NAME || !RULE_NAME_PATTERN.test(ruleName)) {
    throw invalidRequest(
      `Value '${ruleName}' at 'ruleName' must be at most ${MAX_RULE_NAME} characters and match ${RULE_NAME_PATTERN.source}`,
    );
  }
  return ruleName;
}

/**
 * Reads what CreateTopicRule and ReplaceTopicRule take.
 *
 * @throws AwsError InvalidRequestException
 */
export function readPayload(
  ruleName: string,
  payload: TopicRulePayload | undefined,
  createdAt: number,
): Omit<RuleDefinition, 'tags'> {
  if (payload === undefined) throw invalidRequest('topicRulePayload must not be null');
  const { sql, actions, description, ruleDisabled, awsIotSqlVersion, errorAction } = payload;
  if (typeof sql !== 'string' || sql === '') throw invalidRequest('topicRulePayload.sql must not be empty');
  if (!Array.isArray(actions)) throw invalidRequest('topicRulePayload.actions must not be null');
  if (actions.length > MAX_ACTIONS_PER_RULE) {
    throw invalidRequest(
      `topicRulePayload.actions has ${actions.length} actions, at most ${MAX_ACTIONS_PER_RULE} are allowed`,
    );
  }
  const sqlVersion = awsIotSqlVersion ?? DEFAULT_SQL_VERSION;
  if (!isSqlVersion(sqlVersion)) {
    throw invalidRequest(`topicRulePayload.awsIotSqlVersion '${sqlVersion}' must be one of ${SQL_VERSIONS.join(', ')}`);
  }
  return {
    ruleName,
    sql,
    sqlVersion,
    ...(description === undefined ? {} : { description }),
    actions: actions.map((action, index) => readAction(action, `actions[${index}]`)),
    ...(errorAction === undefined ? {} : { errorAction: readAction(errorAction, 'errorAction') }),
    disabled: ruleDisabled ?? false,
    createdAt,
  };
}

function readAction(action: object, place: string): ActionDefinition {
  const given = Object.entries(action).filter(([, parameters]) => parameters !== undefined && parameters !== null);
  const [first] = given;
  if (first === undefined || given.length > 1) {
    throw invalidRequest(`topicRulePayload.${place} must hold exactly one action, it holds ${given.length}`);
  }
  const [kind, parameters] = first;
  if (typeof parameters !== 'object') throw invalidRequest(`topicRulePayload.${place}.${kind} must be an object`);
  return { kind, parameters: withoutUndefined(parameters) as Readonly<Record<string, unknown>> };
}

/** SDK shapes carry members that were not given as undefined. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, withoutUndefined(member)]),
  );
}

/** The action as the API gives it back. */
export function showAction({ kind, parameters }: ActionDefinition): Record<string, unknown> {
  return { [kind]: parameters };
}
