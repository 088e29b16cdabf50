import type { X509Certificate } from 'node:crypto';
import type { Account } from '../../../core/account.ts';
import type { Clock } from '../../../core/clock.ts';
import type { ConnectFeatures, DeviceConnection, IotAction } from '../../../core/mqtt.ts';
import { iotArn } from '../arns.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import type { IdentityChanges } from '../identity-changes.ts';
import type { RegistryState } from '../registry/registry-state.ts';
import { type CertificateVariables, certificateVariables } from './certificate-variables.ts';
import type { EffectivePolicies } from './effective-policies.ts';
import { type ArnPrefixes, arnPrefixes, EvaluatedPolicies } from './evaluated-policies.ts';
import type { CredentialsOf, IdentityKind } from './identity-kind.ts';

export interface IdentityEnvironment {
  readonly account: Account;
  readonly clock: Clock;
  readonly changes: IdentityChanges;
}

interface Evaluation {
  readonly generation: number;
  readonly policies: EvaluatedPolicies;
}

/** Devices with an X.509 certificate (developer guide, `x509-client-certs`): the policies of certificate and groups. */
export class CertificateIdentities implements IdentityKind<'certificate'> {
  readonly #environment: IdentityEnvironment;
  readonly #state: RegistryState;
  readonly #policies: EffectivePolicies;
  readonly #prefixes: ArnPrefixes;
  readonly #evaluations = new WeakMap<DeviceConnection, Evaluation>();

  constructor(environment: IdentityEnvironment, state: RegistryState, policies: EffectivePolicies) {
    this.#environment = environment;
    this.#state = state;
    this.#policies = policies;
    this.#prefixes = arnPrefixes(environment.account);
  }

  admits(certificate: X509Certificate, serverName: string | undefined): boolean {
    const id = certificateIdOf(certificate);
    // "Devices with certificates in SNI_ONLY mode must send the SNI extension" (API CertificateDescription).
    if (serverName === undefined && this.#state.certificates.get(id)?.mode === 'SNI_ONLY') return false;
    return this.#isUsable(id);
  }

  authenticate(
    { certificate, serverName }: CredentialsOf<'certificate'>,
    clientId: string,
    sourceIp: string,
  ): DeviceConnection | undefined {
    const certificateId = certificateIdOf(certificate);
    if (!this.#isUsable(certificateId)) return undefined;
    return {
      clientId,
      principalId: certificateId,
      certificateId,
      sourceIp,
      ...(serverName === undefined ? {} : { serverName }),
    };
  }

  isAllowed(
    connection: DeviceConnection,
    action: IotAction,
    resource: string,
    features: ConnectFeatures | undefined,
  ): boolean {
    return this.#policiesOf(connection).isAllowed(action, resource, features);
  }

  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean {
    return this.#policiesOf(connection).mayCall(action, resourceArn);
  }

  thingOf({ principalId, clientId }: DeviceConnection): string | undefined {
    return this.#policies.associatedThing(principalId, clientId)?.name;
  }

  #policiesOf(connection: DeviceConnection): EvaluatedPolicies {
    const generation = this.#environment.changes.generationOf(connection.principalId);
    const known = this.#evaluations.get(connection);
    if (known !== undefined && known.generation === generation) return known.policies;
    const policies = this.#evaluate(connection);
    this.#evaluations.set(connection, { generation, policies });
    return policies;
  }

  #evaluate({ certificateId, clientId, principalId, sourceIp, serverName }: DeviceConnection): EvaluatedPolicies {
    const { account, clock } = this.#environment;
    const usable = certificateId !== undefined && this.#isUsable(certificateId);
    const thing = this.#policies.associatedThing(principalId, clientId);
    let variables: CertificateVariables | undefined;
    return new EvaluatedPolicies(this.#prefixes, usable ? this.#policies.of(certificateId, thing?.name) : [], {
      clientId,
      certificateId,
      sourceIp,
      domainName: serverName,
      thing,
      certificate: () => {
        variables ??= this.#readVariables(principalId);
        return variables;
      },
      now: () => clock.now(),
      topicArn: (topic) => iotArn(account, 'topic', topic),
    });
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
