import type {
  ActionType,
  AuthInfo,
  AuthResult,
  TestAuthorizationRequest,
  TestAuthorizationResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { IotAction } from '../../../core/mqtt.ts';
import { iotArn } from '../arns.ts';
import { invalidRequest } from '../errors.ts';
import { type IotService, reading, resource } from '../iot-service.ts';
import { type CertificateVariables, certificateVariables } from '../policy-evaluation/certificate-variables.ts';
import type { IotPolicy } from '../policy-evaluation/compile-iot-policy.ts';
import type { ConnectionFacts } from '../policy-evaluation/connection-context.ts';
import { type AuthorizationExplanation, explainAuthorization } from '../policy-evaluation/explain-authorization.ts';
import { readTarget } from '../registry/policy-target.ts';

const ACTIONS: Readonly<Record<ActionType, IotAction>> = {
  CONNECT: 'iot:Connect',
  PUBLISH: 'iot:Publish',
  RECEIVE: 'iot:Receive',
  SUBSCRIBE: 'iot:Subscribe',
};
/** API TestAuthorization, authInfos. */
const MAX_AUTH_INFOS = 10;

/**
 * "Tests if a specified principal is authorized to perform an IoT action on a specified resource" (API TestAuthorization).
 * The principal is a certificate or a thing group; without one, the added policies alone are tested.
 */
export function testAuthorization(service: IotService): Operation {
  return reading<TestAuthorizationRequest, TestAuthorizationResponse>(
    'TestAuthorization',
    (input) => input.principal ?? '*',
    (input) => {
      if (input.cognitoIdentityPoolId !== undefined) throw new NotImplementedError('policies of Cognito identities');
      new ConstraintViolations()
        .required('authInfos', input.authInfos)
        .length('authInfos', input.authInfos, 1, MAX_AUTH_INFOS)
        .throwIfAny('InvalidRequestException');
      const { facts, names } = principalOf(service, input);
      const policies = new Map<string, IotPolicy>();
      const skipped = new Set(input.policyNamesToSkip ?? []);
      for (const name of [...names, ...(input.policyNamesToAdd ?? [])]) {
        if (!skipped.has(name))
          policies.set(name, service.effectivePolicies.policy(service.registry.policies.get(name)));
      }
      return { authResults: (input.authInfos ?? []).map((info) => resultOf(service, policies, facts, info)) };
    },
  );
}

function principalOf(
  service: IotService,
  { principal, clientId = '' }: TestAuthorizationRequest,
): { facts: ConnectionFacts; names: readonly string[] } {
  const { effectivePolicies, registry, context } = service;
  const { state } = registry;
  const facts = (certificateId: string | undefined): ConnectionFacts => {
    let variables: CertificateVariables | undefined;
    const pem = certificateId === undefined ? undefined : state.certificates.get(certificateId)?.pem;
    return {
      clientId,
      certificateId,
      sourceIp: undefined,
      domainName: undefined,
      thing: certificateId === undefined ? undefined : effectivePolicies.associatedThing(certificateId, clientId),
      certificate: () => {
        variables ??= pem === undefined ? new Map() : certificateVariables(pem);
        return variables;
      },
      now: () => context.clock.now(),
      topicArn: (topic) => iotArn(context.account, 'topic', topic),
    };
  };
  if (principal === undefined) return { facts: facts(undefined), names: [] };
  const target = readTarget(state, principal);
  if (target.type === 'thinggroup') {
    return { facts: facts(undefined), names: registry.policies.attachedTo(principal, true) };
  }
  const own = facts(target.name);
  return { facts: own, names: effectivePolicies.namesFor(target.name, own.thing?.name) };
}

/** Several resources of one question are allowed only together. */
function resultOf(
  service: IotService,
  policies: ReadonlyMap<string, IotPolicy>,
  facts: ConnectionFacts,
  info: AuthInfo,
): AuthResult {
  const action = info.actionType === undefined ? undefined : ACTIONS[info.actionType];
  if (action === undefined) throw invalidRequest(`Invalid actionType: ${info.actionType}`);
  const resources = info.resources ?? [];
  if (resources.length === 0) throw invalidRequest('An authInfo needs at least one resource');
  const answers = resources.map((arn) => explainAuthorization(policies, facts, action, arn));
  const all = (of: (answer: AuthorizationExplanation) => readonly string[]) => [...new Set(answers.flatMap(of))];
  const listed = (names: readonly string[]) => ({
    policies: names.map((policyName) => ({ policyName, policyArn: resource(service, 'policy', policyName) })),
  });
  const decisions = new Set(answers.map(({ decision }) => decision));
  return {
    authInfo: info,
    allowed: listed(all(({ allowing }) => allowing)),
    denied: {
      implicitDeny: listed(all(({ silent }) => silent)),
      explicitDeny: listed(all(({ denying }) => denying)),
    },
    authDecision: decisions.has('EXPLICIT_DENY')
      ? 'EXPLICIT_DENY'
      : decisions.has('IMPLICIT_DENY')
        ? 'IMPLICIT_DENY'
        : 'ALLOWED',
    missingContextValues: all(({ missing }) => missing),
  };
}
