import type { Account } from '../../../core/account.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import type { Collection, Store } from '../../../core/store.ts';
import { type IotResourceType, iotArn } from '../arns.ts';
import type { IdentityChanges } from '../identity-changes.ts';
import type {
  AuthorizerRecord,
  BillingGroupRecord,
  CaCertificateRecord,
  CertificateRecord,
  DomainConfigurationRecord,
  PolicyRecord,
  PrincipalAttachment,
  RoleAliasRecord,
  TemplateRecord,
  TemporaryClaimRecord,
  ThingGroupRecord,
  ThingRecord,
  ThingTypeRecord,
} from './records.ts';
import { RegistryEvents } from './registry-events.ts';
import { Relation } from './relation.ts';
import { creationOrder, Table } from './table.ts';

export interface RegistryEnvironment {
  readonly account: Account;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: Store;
  readonly changes: IdentityChanges;
}

/** Everything the registry keeps, with the indexes that spare it from searching. */
export class RegistryState {
  readonly environment: RegistryEnvironment;
  readonly things: Table<ThingRecord>;
  readonly thingTypes: Table<ThingTypeRecord>;
  readonly thingGroups: Table<ThingGroupRecord>;
  readonly certificates: Table<CertificateRecord>;
  readonly caCertificates: Table<CaCertificateRecord>;
  readonly policies: Table<PolicyRecord>;
  readonly authorizers: Table<AuthorizerRecord>;
  readonly templates: Table<TemplateRecord>;
  readonly domainConfigurations: Table<DomainConfigurationRecord>;
  readonly roleAliases: Table<RoleAliasRecord>;
  readonly billingGroups: Table<BillingGroupRecord>;
  /** thing name – the name of its one billing group */
  readonly billing: Relation<true>;
  readonly claims: Collection<TemporaryClaimRecord>;
  readonly tags: Collection<Readonly<Record<string, string>>>;
  /** What there is once in an account: the registration code, the default authorizer. */
  readonly account: Collection<string>;
  /** thing name – certificate id */
  readonly attachments: Relation<PrincipalAttachment>;
  /** What has changed, for those who derive from it: indexes, jobs, events. */
  readonly events = new RegistryEvents();
  /** thing name – group name; changed through {@link addMember} and {@link removeMember} */
  readonly memberships: Relation<true>;
  /** policy name – ARN of a certificate or thing group */
  readonly policyTargets: Relation<true>;
  readonly #thingsOfType = new Map<string, Set<string>>();
  readonly #childrenOfGroup = new Map<string, Set<string>>();

  constructor(environment: RegistryEnvironment) {
    const { store } = environment;
    this.environment = environment;
    this.things = new Table(store, 'iot/things');
    this.thingTypes = new Table(store, 'iot/thingTypes');
    this.thingGroups = new Table(store, 'iot/thingGroups');
    this.certificates = new Table(store, 'iot/certificates', (record) => creationOrder(record.creationDate, record.id));
    this.caCertificates = new Table(store, 'iot/caCertificates', (record) =>
      creationOrder(record.creationDate, record.id),
    );
    this.policies = new Table(store, 'iot/policies', (record) => creationOrder(record.creationDate, record.name));
    this.authorizers = new Table(store, 'iot/authorizers');
    this.domainConfigurations = new Table(store, 'iot/domainConfigurations');
    this.roleAliases = new Table(store, 'iot/roleAliases');
    this.billingGroups = new Table(store, 'iot/billingGroups');
    this.billing = new Relation(store, 'iot/billingGroupMembers');
    this.templates = new Table(store, 'iot/provisioningTemplates');
    this.claims = store.collection('iot/temporaryClaims');
    this.tags = store.collection('iot/tags');
    this.account = store.collection('iot/account');
    this.attachments = new Relation(store, 'iot/thingPrincipals');
    this.memberships = new Relation(store, 'iot/thingGroupMembers');
    this.policyTargets = new Relation(store, 'iot/policyTargets');
    for (const thing of this.things.values()) addTo(this.#thingsOfType, thing.typeName, thing.name);
    for (const group of this.thingGroups.values()) addTo(this.#childrenOfGroup, group.parentName, group.name);
  }

  arn(type: IotResourceType, name: string): string {
    return iotArn(this.environment.account, type, name);
  }

  now(): number {
    return this.environment.clock.now();
  }

  putThing(record: ThingRecord): void {
    const before = this.things.get(record.name);
    if (before?.typeName !== record.typeName) removeFrom(this.#thingsOfType, before?.typeName, record.name);
    addTo(this.#thingsOfType, record.typeName, record.name);
    this.things.put(record.name, record);
    this.events.emit({ kind: 'thing-put', thing: record, before });
  }

  deleteThing(record: ThingRecord): void {
    removeFrom(this.#thingsOfType, record.typeName, record.name);
    this.things.delete(record.name);
    for (const group of [...this.billing.rightsOf(record.name).keys()]) this.billing.remove(record.name, group);
    this.events.emit({ kind: 'thing-deleted', thing: record });
  }

  thingsOfType(typeName: string): ReadonlySet<string> {
    return this.#thingsOfType.get(typeName) ?? NONE;
  }

  putThingType(record: ThingTypeRecord): void {
    const before = this.thingTypes.get(record.name);
    this.thingTypes.put(record.name, record);
    this.events.emit({ kind: 'type-put', type: record, before });
  }

  deleteThingType(record: ThingTypeRecord): void {
    this.thingTypes.delete(record.name);
    this.events.emit({ kind: 'type-deleted', type: record });
  }

  /** A group never changes its parent (developer guide, `thing-groups`). */
  putThingGroup(record: ThingGroupRecord): void {
    const before = this.thingGroups.get(record.name);
    addTo(this.#childrenOfGroup, record.parentName, record.name);
    this.thingGroups.put(record.name, record);
    this.events.emit({ kind: 'group-put', group: record, before });
  }

  deleteThingGroup(record: ThingGroupRecord): void {
    removeFrom(this.#childrenOfGroup, record.parentName, record.name);
    this.thingGroups.delete(record.name);
    this.events.emit({ kind: 'group-deleted', group: record });
  }

  addMember(thingName: string, groupName: string): void {
    this.memberships.add(thingName, groupName, true);
    this.events.emit({ kind: 'member-added', thingName, groupName });
  }

  /** @returns whether it was a member */
  removeMember(thingName: string, groupName: string): boolean {
    if (!this.memberships.remove(thingName, groupName)) return false;
    this.events.emit({ kind: 'member-removed', thingName, groupName });
    return true;
  }

  childGroupsOf(name: string): ReadonlySet<string> {
    return this.#childrenOfGroup.get(name) ?? NONE;
  }

  /** The group itself, its parent, and so on up to the root. */
  *groupAndAncestors(name: string): Generator<ThingGroupRecord> {
    for (let group = this.thingGroups.get(name); group !== undefined; ) {
      yield group;
      group = group.parentName === undefined ? undefined : this.thingGroups.get(group.parentName);
    }
  }

  /** What a thing's certificates may do has changed. */
  thingChanged(thingName: string): void {
    for (const certificateId of this.attachments.rightsOf(thingName).keys()) {
      this.environment.changes.certificateChanged(certificateId);
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

function addTo(index: Map<string, Set<string>>, key: string | undefined, name: string): void {
  if (key === undefined) return;
  const names = index.get(key);
  if (names === undefined) index.set(key, new Set([name]));
  else names.add(name);
}

function removeFrom(index: Map<string, Set<string>>, key: string | undefined, name: string): void {
  if (key === undefined) return;
  const names = index.get(key);
  names?.delete(name);
  if (names?.size === 0) index.delete(key);
}
