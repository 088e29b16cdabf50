import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { ServicePrincipal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { findActionKind } from '../actions/action-kinds.ts';
import { RoleSessions } from '../actions/role-sessions.ts';
import type { ActionSite, RuleAction } from '../actions/rule-action.ts';
import { type CompiledStatement, compileStatement } from '../sql/compile-statement.ts';
import { SqlError } from '../sql/sql-error.ts';
import { compileTemplate, type Template } from '../sql/template.ts';
import type { ActionDefinition, RuleDefinition } from './rule-definition.ts';

/** A topic rule, ready to run. */
export interface CompiledRule {
  readonly definition: RuleDefinition;
  readonly arn: string;
  readonly statement: CompiledStatement;
  readonly actions: readonly RuleAction[];
  readonly errorAction: RuleAction | undefined;
  readonly sessions: RoleSessions;
  /** No action reads the output itself, so that its text is enough. */
  readonly textOnly: boolean;
}

export type RuleContext = Pick<CloudContext, 'account' | 'api' | 'clock' | 'entropy' | 'ports'>;

export function ruleArn(context: Pick<CloudContext, 'account'>, ruleName: string): string {
  return arn(context.account, 'iot', `rule/${ruleName}`);
}

/**
 * @throws AwsError SqlParseException with line and column, InvalidRequestException naming a field,
 * NotImplemented naming a function or kind of action
 */
export function compileRule(definition: RuleDefinition, context: RuleContext): CompiledRule {
  const statement = orParseException('sql', () => compileStatement(definition.sql, definition.sqlVersion));
  const principal: ServicePrincipal = {
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn: ruleArn(context, definition.ruleName),
    sourceAccount: context.account.accountId,
  };
  const sessions = new RoleSessions(principal, context.ports, context.clock, context.entropy);

  const compileAction = (action: ActionDefinition, place: string): RuleAction => {
    const path = `topicRulePayload.${place}.${action.kind}`;
    const site: ActionSite = {
      account: context.account,
      api: context.api,
      clock: context.clock,
      ports: context.ports,
      ruleName: definition.ruleName,
      ruleArn: principal.sourceArn as string,
      template: (field, text): Template =>
        orParseException(`${path}.${field}`, () => compileTemplate(text, definition.sqlVersion, statement.variables)),
      refuse: (field, problem) =>
        new AwsError('InvalidRequestException', `${path}${field === '' ? '' : `.${field}`}: ${problem}`),
      role: (roleArn) => sessions.get(roleArn),
    };
    return findActionKind(action.kind, `topicRulePayload.${place}`).compile(action.parameters, site);
  };

  const actions = definition.actions.map((action, index) => compileAction(action, `actions[${index}]`));
  return {
    definition,
    arn: principal.sourceArn as string,
    statement,
    actions,
    textOnly: actions.every(({ readsOutput }) => !readsOutput),
    errorAction:
      definition.errorAction === undefined ? undefined : compileAction(definition.errorAction, 'errorAction'),
    sessions,
  };
}

/** Roles that a rule's actions take on. */
export function rolesOf(rule: CompiledRule): string[] {
  const roles = [...rule.actions, ...(rule.errorAction === undefined ? [] : [rule.errorAction])].flatMap(
    ({ roleArn }) => (roleArn === undefined ? [] : [roleArn]),
  );
  return [...new Set(roles)];
}

function orParseException<T>(place: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RangeError)
      throw new AwsError('SqlParseException', `${place}: the expression is too long`, 400);
    if (!(error instanceof SqlError)) throw error;
    throw new AwsError('SqlParseException', `${place}: ${error.message}`, 400, { cause: error });
  }
}
