import type { Account } from '../../../core/account.ts';
import { iotArn } from '../arns.ts';
import type { PolicyRecord, PolicyVersionRecord } from '../registry/records.ts';
import type { RegistryState } from '../registry/registry-state.ts';
import { compileIotPolicy, type IotPolicy } from './compile-iot-policy.ts';
import type { AssociatedThing } from './connection-context.ts';

/** Which policies apply to a connection: those of its certificate, and those of the groups of its thing. */
export class EffectivePolicies {
  readonly #account: Account;
  readonly #state: RegistryState;
  readonly #compiled = new WeakMap<PolicyVersionRecord, IotPolicy>();

  constructor(account: Account, state: RegistryState) {
    this.#account = account;
    this.#state = state;
  }

  /**
   * The thing that the certificate is exclusively attached to, whatever the client id; else the attached thing whose
   * name is the client id (developer guide, `exclusive-thing`, "How to associate a thing to a connection").
   */
  associatedThing(certificateId: string, clientId: string): AssociatedThing | undefined {
    const things = this.#state.attachments.leftsOf(certificateId);
    for (const [name, { exclusive }] of things) {
      if (exclusive) return this.#state.things.get(name);
    }
    return things.has(clientId) ? this.#state.things.get(clientId) : undefined;
  }

  of(certificateId: string, thingName: string | undefined): IotPolicy[] {
    const claim = this.#state.claims.get(certificateId);
    if (claim !== undefined) return [compileIotPolicy(temporaryClaimPolicy(this.#account, claim.templateName))];
    return this.namesFor(certificateId, thingName).flatMap((name) => {
      const policy = this.#state.policies.get(name);
      return policy === undefined ? [] : [this.policy(policy)];
    });
  }

  /** "You can attach a policy to a parent group and it is inherited by its child groups, and by all of the things" (`thing-groups`). */
  namesFor(certificateId: string, thingName: string | undefined): string[] {
    const state = this.#state;
    const names = new Set(state.policyTargets.leftsOf(state.arn('cert', certificateId)).keys());
    if (thingName !== undefined) {
      for (const groupName of state.memberships.rightsOf(thingName).keys()) {
        for (const group of state.groupAndAncestors(groupName)) {
          for (const policy of state.policyTargets.leftsOf(state.arn('thinggroup', group.name)).keys())
            names.add(policy);
        }
      }
    }
    return [...names];
  }

  /** The default version of a policy, compiled once. */
  policy(policy: PolicyRecord): IotPolicy {
    const version = policy.versions.find(({ id }) => id === policy.defaultVersionId) as PolicyVersionRecord;
    let compiled = this.#compiled.get(version);
    if (compiled === undefined) {
      compiled = compileIotPolicy(version.document);
      this.#compiled.set(version, compiled);
    }
    return compiled;
  }
}

/** What a temporary claim may do: exchange itself for a certificate through its template (`provision-wo-cert`). */
function temporaryClaimPolicy(account: Account, templateName: string): string {
  const topics = [
    '$aws/certificates/create/*',
    '$aws/certificates/create-from-csr/*',
    `$aws/provisioning-templates/${templateName}/provision/*`,
  ];
  const arns = (type: 'topic' | 'topicfilter') => topics.map((topic) => iotArn(account, type, topic));
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
      { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: arns('topic') },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: arns('topicfilter') },
    ],
  });
}
