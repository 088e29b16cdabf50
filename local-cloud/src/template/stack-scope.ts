import type { Account } from '../core/account.ts';
import { IntrinsicError, NO_VALUE, resolveIntrinsics, type Scope } from './intrinsics.ts';
import type { ResourceRecord } from './stack-record.ts';
import type { StackArtifact } from './template-types.ts';

/** SSM parameters that exist in a bootstrapped account. The version is the one current CDK bootstraps report at least. */
const PUBLIC_SSM_PARAMETERS: Readonly<Record<string, string>> = { '/cdk-bootstrap/hnb659fds/version': '30' };

export interface StackScopeOptions {
  readonly artifact: StackArtifact;
  readonly account: Account;
  readonly stackId: string;
  /** Resources created so far. */
  resource(logicalId: string): ResourceRecord | undefined;
  exported(name: string): string | undefined;
}

/** Names of one stack as its intrinsics see them. */
export function stackScope(options: StackScopeOptions): Scope {
  const { artifact, account } = options;
  const template = artifact.template;
  const parameters = parameterValues(artifact);
  const conditions = new Map<string, boolean>();
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': account.accountId,
    'AWS::Region': account.region,
    'AWS::Partition': account.partition,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': artifact.stackName,
    'AWS::StackId': options.stackId,
    'AWS::NotificationARNs': [],
    'AWS::NoValue': NO_VALUE,
  };
  const scope: Scope = {
    region: account.region,
    ref: (name) => pseudo[name] ?? parameters[name] ?? options.resource(name)?.physicalId,
    attribute: (logicalId, name) => attributeOf(options.resource(logicalId), name),
    mapping: (map, first, second) => template.Mappings?.[map]?.[first]?.[second],
    exported: options.exported,
    condition(name) {
      const known = conditions.get(name);
      if (known !== undefined) return known;
      const expression = template.Conditions?.[name];
      if (expression === undefined) throw new IntrinsicError('Conditions', `unknown condition '${name}'`);
      const value = resolveIntrinsics(expression, scope, `Conditions.${name}`) === true;
      conditions.set(name, value);
      return value;
    },
  };
  return scope;
}

/** Nested attributes, as custom resources have them, may be named by a path. */
function attributeOf(resource: ResourceRecord | undefined, name: string): unknown {
  if (resource === undefined) return undefined;
  if (Object.hasOwn(resource.attributes, name)) return resource.attributes[name];
  let value: unknown = resource.attributes;
  for (const part of name.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function parameterValues(artifact: StackArtifact): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(artifact.template.Parameters ?? {})) {
    const place = `Parameters.${name}`;
    const given = artifact.parameters[name] ?? parameter.Default;
    if (given === undefined) throw new IntrinsicError(place, 'has neither a value nor a default');
    if (parameter.AllowedValues !== undefined && !parameter.AllowedValues.includes(given)) {
      throw new IntrinsicError(place, `'${given}' is not one of ${parameter.AllowedValues.join(', ')}`);
    }
    if (parameter.Type.startsWith('AWS::SSM::Parameter::Value')) {
      const value = PUBLIC_SSM_PARAMETERS[String(given)];
      if (value === undefined) throw new IntrinsicError(place, `the SSM parameter '${given}' does not exist`);
      values[name] = value;
    } else if (parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<')) {
      values[name] = String(given)
        .split(',')
        .map((item) => item.trim());
    } else values[name] = String(given);
  }
  return values;
}

/** Evaluates the template's rules (template reference, "Rules section"). @throws IntrinsicError naming the failed assertion */
export function checkRules(artifact: StackArtifact, scope: Scope): void {
  for (const [name, rule] of Object.entries(artifact.template.Rules ?? {})) {
    const place = `Rules.${name}`;
    if (rule.RuleCondition !== undefined && resolveIntrinsics(rule.RuleCondition, scope, place) !== true) continue;
    rule.Assertions.forEach((assertion, index) => {
      if (resolveIntrinsics(assertion.Assert, scope, `${place}.Assertions[${index}]`) !== true) {
        throw new IntrinsicError(place, assertion.AssertDescription ?? `assertion ${index} does not hold`);
      }
    });
  }
}
