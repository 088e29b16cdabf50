import type { BillingGroupProperties } from '@aws-sdk/client-iot';
import { uuid } from '../../../core/entropy.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import { MAX_DESCRIPTION_LENGTH } from '../limits.ts';
import type { BillingGroupRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireVersion } from './things.ts';
import { allowText, requireName } from './validation.ts';

/** Groups of things whose costs are told apart (developer guide, `tagging-iot-billing-groups`). A thing is in one at most. */
export class BillingGroups {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): BillingGroupRecord {
    requireName('billingGroupName', name);
    const group = this.#state.billingGroups.get(name);
    if (group === undefined) throw resourceNotFound(`Billing group ${name} not found.`);
    return group;
  }

  create(name: string | undefined, properties: BillingGroupProperties | undefined): BillingGroupRecord {
    requireName('billingGroupName', name);
    const description = readDescription(properties);
    const existing = this.#state.billingGroups.get(name);
    if (existing !== undefined) {
      if (existing.description === description) return existing;
      throw resourceAlreadyExists(
        `Billing group ${name} already exists in current account with different properties`,
        this.#state.arn('billinggroup', name),
        existing.id,
      );
    }
    const group: BillingGroupRecord = {
      name,
      id: uuid(this.#state.environment.entropy),
      version: 1,
      ...(description === undefined ? {} : { description }),
      creationDate: this.#state.now(),
    };
    this.#state.billingGroups.put(name, group);
    return group;
  }

  update(
    name: string | undefined,
    properties: BillingGroupProperties | undefined,
    expectedVersion?: number,
  ): BillingGroupRecord {
    const group = this.get(name);
    if (properties === undefined) throw invalidRequest('billingGroupProperties must not be null');
    requireVersion(`billing group ${group.name}`, group.version, expectedVersion);
    const description = readDescription(properties) ?? group.description;
    const updated = {
      ...group,
      ...(description === undefined ? {} : { description }),
      version: group.version + 1,
    };
    this.#state.billingGroups.put(group.name, updated);
    return updated;
  }

  /** A group that does not exist is no error, as for thing groups. Its things stay. */
  delete(name: string | undefined, expectedVersion?: number): void {
    requireName('billingGroupName', name);
    const group = this.#state.billingGroups.get(name);
    if (group === undefined) return;
    requireVersion(`billing group ${name}`, group.version, expectedVersion);
    for (const thing of [...this.#state.billing.leftsOf(name).keys()]) this.removeThing(name, thing);
    this.#state.billingGroups.delete(name);
    this.#state.tags.delete(this.#state.arn('billinggroup', name));
  }

  groupOf(thingName: string): string | undefined {
    const [name] = this.#state.billing.rightsOf(thingName).keys();
    return name;
  }

  addThing(name: string, thingName: string): void {
    const current = this.groupOf(thingName);
    if (current === name) return;
    if (current !== undefined) throw invalidRequest(`Thing ${thingName} already belongs to billing group ${current}`);
    this.#state.billing.add(thingName, name, true);
    this.#state.events.emit({ kind: 'billing-changed', thingName });
  }

  removeThing(name: string, thingName: string): void {
    if (!this.#state.billing.remove(thingName, name)) return;
    this.#state.events.emit({ kind: 'billing-changed', thingName });
  }
}

function readDescription(properties: BillingGroupProperties | undefined): string | undefined {
  const description = properties?.billingGroupDescription;
  allowText('billingGroupProperties.billingGroupDescription', description, MAX_DESCRIPTION_LENGTH);
  return description;
}
