import type { X509Certificate } from 'node:crypto';
import type { Account } from '../../../core/account.ts';
import type { Clock } from '../../../core/clock.ts';
import type { RequestContext } from '../../../core/iam/request-context.ts';
import type { Meter } from '../../../core/meter.ts';
import type {
  ConnectFeatures,
  ConnectionCredentials,
  DeviceConnection,
  DeviceDirectory,
  IotAction,
} from '../../../core/mqtt.ts';
import { iotArn } from '../arns.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import type { IdentityChanges } from '../identity-changes.ts';
import type { RegistryState } from '../registry/registry-state.ts';
import { type CertificateVariables, certificateVariables } from './certificate-variables.ts';
import type { IotPolicy } from './compile-iot-policy.ts';
import { type ConnectionFacts, connectionContext } from './connection-context.ts';
import type { EffectivePolicies } from './effective-policies.ts';

/** Answers that one connection keeps per action; a device uses few topics, a broad subscriber many. */
const MAX_KEPT_ANSWERS = 4096;

/** The policies of one connection, resolved once and used until a change reaches it. */
interface Evaluation {
  readonly generation: number;
  readonly policies: readonly IotPolicy[];
  readonly context: RequestContext;
  readonly facts: ConnectionFacts;
  /** Answers per action and resource; undefined where an answer may change by itself. */
  readonly answers: Map<IotAction, Map<string, boolean>> | undefined;
}

const RESOURCE_TYPES = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Subscribe': 'topicfilter',
  'iot:Receive': 'topic',
} as const satisfies Record<IotAction, string>;

export interface DirectoryEnvironment {
  readonly account: Account;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly changes: IdentityChanges;
}

/** Who may connect, and what a connection may do (developer guide, `iot-policies` and its pages). */
export class PolicyDirectory implements DeviceDirectory {
  readonly #environment: DirectoryEnvironment;
  readonly #state: RegistryState;
  readonly #policies: EffectivePolicies;
  readonly #evaluations = new WeakMap<DeviceConnection, Evaluation>();
  readonly #arnPrefixes: Readonly<Record<IotAction, string>>;

  constructor(environment: DirectoryEnvironment, state: RegistryState, policies: EffectivePolicies) {
    this.#environment = environment;
    this.#state = state;
    this.#policies = policies;
    const prefixes = Object.entries(RESOURCE_TYPES).map(([action, type]) => [
      action,
      iotArn(environment.account, type, ''),
    ]);
    this.#arnPrefixes = Object.fromEntries(prefixes) as Record<IotAction, string>;
  }

  admit([certificate]: readonly [X509Certificate, ...X509Certificate[]]): boolean {
    return this.#isUsable(certificateIdOf(certificate));
  }

  authenticate(credentials: ConnectionCredentials, clientId: string, sourceIp: string): DeviceConnection | undefined {
    if (credentials.kind !== 'certificate') return undefined;
    const certificateId = certificateIdOf(credentials.certificate);
    if (!this.#isUsable(certificateId)) return undefined;
    return { clientId, principalId: certificateId, certificateId, sourceIp };
  }

  isAllowed(connection: DeviceConnection, action: IotAction, resource: string, features?: ConnectFeatures): boolean {
    const { meter } = this.#environment;
    meter.count('iot.policyEvaluations');
    const evaluation = this.#evaluationOf(connection);
    const kept = action === 'iot:Connect' ? undefined : evaluation.answers?.get(action);
    let allowed = kept?.get(resource);
    if (allowed === undefined) {
      allowed = this.#evaluate(evaluation, action, resource, features);
      if (action !== 'iot:Connect') keepAnswer(evaluation, action, resource, allowed);
    }
    if (!allowed) meter.count('iot.policyDenied');
    return allowed;
  }

  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean {
    const { meter } = this.#environment;
    meter.count('iot.policyEvaluations');
    const evaluation = this.#evaluationOf(connection);
    const allowed = decide(evaluation.policies, action.toLowerCase(), resourceArn, evaluation.context);
    if (!allowed) meter.count('iot.policyDenied');
    return allowed;
  }

  onIdentityChange(listener: (principalId: string) => void): void {
    this.#environment.changes.onIdentityChange(listener);
  }

  #evaluationOf(connection: DeviceConnection): Evaluation {
    const generation = this.#environment.changes.generationOf(connection.principalId);
    const known = this.#evaluations.get(connection);
    if (known !== undefined && known.generation === generation) return known;
    const made = this.#prepare(connection, generation);
    this.#evaluations.set(connection, made);
    return made;
  }

  #prepare({ certificateId, clientId, principalId, sourceIp }: DeviceConnection, generation: number): Evaluation {
    const { account, clock } = this.#environment;
    const usable = certificateId !== undefined && this.#isUsable(certificateId);
    const thing = this.#policies.associatedThing(principalId, clientId);
    const policies = usable ? this.#policies.of(certificateId, thing?.name) : [];
    let variables: CertificateVariables | undefined;
    const facts: ConnectionFacts = {
      clientId,
      certificateId,
      sourceIp,
      thing,
      certificate: () => {
        variables ??= certificateId === undefined ? NO_VARIABLES : this.#readVariables(certificateId);
        return variables;
      },
      now: () => clock.now(),
      topicArn: (topic) => iotArn(account, 'topic', topic),
    };
    const timeless = policies.every((policy) => policy.timeless);
    const answers = timeless ? new Map<IotAction, Map<string, boolean>>() : undefined;
    return { generation, policies, facts, answers, context: connectionContext(facts, 'iot:Publish') };
  }

  #evaluate(evaluation: Evaluation, action: IotAction, resource: string, features?: ConnectFeatures): boolean {
    const arn = this.#arnPrefixes[action] + resource;
    const name = action.toLowerCase();
    const context =
      action === 'iot:Connect' ? connectionContext(evaluation.facts, action, features) : evaluation.context;
    return decide(evaluation.policies, name, arn, context);
  }

  #isUsable(certificateId: string): boolean {
    const now = this.#environment.clock.now();
    const certificate = this.#state.certificates.get(certificateId);
    if (certificate !== undefined) {
      return certificate.status === 'ACTIVE' && certificate.notBefore <= now && now <= certificate.notAfter;
    }
    const claim = this.#state.claims.get(certificateId);
    return claim !== undefined && now < claim.expiresAt;
  }

  #readVariables(certificateId: string): CertificateVariables {
    const certificate = this.#state.certificates.get(certificateId);
    return certificate === undefined ? new Map() : certificateVariables(certificate.pem);
  }
}

const NO_VARIABLES: CertificateVariables = new Map();

/** An explicit deny wins over any allow; what nothing allows is denied. `action` is in lower case. */
function decide(policies: readonly IotPolicy[], action: string, arn: string, context: RequestContext): boolean {
  let allowed = false;
  for (const { statements } of policies) {
    for (const statement of statements) {
      if (allowed && statement.effect === 'Allow') continue;
      if (!statement.matchesAction(action) || !statement.matchesResource(arn, context)) continue;
      if (statement.condition?.holds(context) === false) continue;
      if (statement.effect === 'Deny') return false;
      allowed = true;
    }
  }
  return allowed;
}

function keepAnswer(evaluation: Evaluation, action: IotAction, resource: string, allowed: boolean): void {
  if (evaluation.answers === undefined) return;
  let answers = evaluation.answers.get(action);
  if (answers === undefined) {
    answers = new Map();
    evaluation.answers.set(action, answers);
  }
  if (answers.size >= MAX_KEPT_ANSWERS) answers.clear();
  answers.set(resource, allowed);
}
