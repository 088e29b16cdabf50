import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { ServicePrincipal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { findActionKind } from '../actions/action-kinds.ts';
import { RoleSessions } from '../actions/role-sessions.ts';
import type { ActionSite, PreparedAction } from '../actions/rule-action.ts';
import type { RuleDestinations } from '../destinations/rule-destinations.ts';
import type { ExternalServices } from '../external/external-call.ts';
import { RuleServices } from '../external/rule-services.ts';
import { type CompiledStatement, compileStatement } from '../sql/compile-statement.ts';
import { SqlError } from '../sql/sql-error.ts';
import { compileTemplate, type Template } from '../sql/template.ts';
import type { ActionDefinition, RuleDefinition } from './rule-definition.ts';

/** A topic rule, ready to run. */
export interface CompiledRule {
  readonly definition: RuleDefinition;
  readonly arn: string;
  readonly statement: CompiledStatement;
  readonly actions: readonly PreparedAction[];
  readonly errorAction: PreparedAction | undefined;
  /** Answers functions that ask services; undefined where the rule has none. */
  readonly services: ExternalServices | undefined;
  readonly sessions: RoleSessions;
  /** No action reads the output itself, so that its text is enough. */
  readonly textOnly: boolean;
}

export type RuleContext = Pick<CloudContext, 'account' | 'api' | 'clock' | 'entropy' | 'ports'> & {
  readonly destinations: RuleDestinations;
};

/** "You can use any function … in an error action's SQL statement, except for external functions" (`rule-error-handling`). */
const REFUSED_IN_ERROR_ACTION = 'is an external function, which an error action cannot use';

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

  const compileAction = (action: ActionDefinition, place: string): PreparedAction => {
    const path = `topicRulePayload.${place}.${action.kind}`;
    const refusal = place === 'errorAction' ? REFUSED_IN_ERROR_ACTION : undefined;
    const asks: Template[] = [];
    const roles = new Set<string>();
    const site: ActionSite = {
      account: context.account,
      api: context.api,
      clock: context.clock,
      entropy: context.entropy,
      destinations: context.destinations,
      ports: context.ports,
      ruleName: definition.ruleName,
      sqlVersion: definition.sqlVersion,
      ruleArn: principal.sourceArn as string,
      template: (field, text): Template =>
        orParseException(`${path}.${field}`, () => {
          const template = compileTemplate(text, definition.sqlVersion, statement.variables, refusal);
          if (template.external) asks.push(template);
          for (const role of template.roles) roles.add(role);
          return template;
        }),
      refuse: (field, problem) =>
        new AwsError('InvalidRequestException', `${path}${field === '' ? '' : `.${field}`}: ${problem}`),
      role: (roleArn) => sessions.get(roleArn),
    };
    const compiled = findActionKind(action.kind, `topicRulePayload.${place}`).compile(action.parameters, site);
    if (compiled.roleArn !== undefined) roles.add(compiled.roleArn);
    return { ...compiled, kind: action.kind, asks, roles: [...roles] };
  };

  const actions = definition.actions.map((action, index) => compileAction(action, `actions[${index}]`));
  const external = statement.external || actions.some(({ asks }) => asks.length > 0);
  return {
    definition,
    arn: principal.sourceArn as string,
    statement,
    actions,
    textOnly: actions.every(({ readsOutput }) => !readsOutput),
    errorAction:
      definition.errorAction === undefined ? undefined : compileAction(definition.errorAction, 'errorAction'),
    sessions,
    services: external
      ? new RuleServices({
          api: context.api,
          clock: context.clock,
          service: principal,
          role: (roleArn) => sessions.get(roleArn),
        })
      : undefined,
  };
}

export function allActions(rule: CompiledRule): readonly PreparedAction[] {
  return rule.errorAction === undefined ? rule.actions : [...rule.actions, rule.errorAction];
}

/** Roles that a rule's actions and expressions take on. */
export function rolesOf(rule: CompiledRule): string[] {
  return [...new Set([...allActions(rule).flatMap(({ roles }) => roles), ...rule.statement.roles])];
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
