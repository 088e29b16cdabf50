import { Authorizers } from './authorizers.ts';
import { BillingGroups } from './billing-groups.ts';
import { CaCertificates } from './ca-certificates.ts';
import { Certificates } from './certificates.ts';
import { DomainConfigurations } from './domain-configurations.ts';
import { Policies } from './policies.ts';
import { ProvisioningTemplates } from './provisioning-templates.ts';
import { type RegistryEnvironment, RegistryState } from './registry-state.ts';
import { RoleAliases } from './role-aliases.ts';
import { Tags } from './tags.ts';
import { ThingGroups } from './thing-groups.ts';
import { ThingPrincipals } from './thing-principals.ts';
import { ThingTypes } from './thing-types.ts';
import { Things } from './things.ts';

/** The registry of AWS IoT: what the API operations, CloudFormation and provisioning all work on. */
export class Registry {
  readonly state: RegistryState;
  readonly things: Things;
  readonly thingTypes: ThingTypes;
  readonly thingGroups: ThingGroups;
  readonly authorizers: Authorizers;
  readonly billingGroups: BillingGroups;
  readonly caCertificates: CaCertificates;
  readonly certificates: Certificates;
  readonly domainConfigurations: DomainConfigurations;
  readonly policies: Policies;
  readonly thingPrincipals: ThingPrincipals;
  readonly roleAliases: RoleAliases;
  readonly templates: ProvisioningTemplates;
  readonly tags: Tags;

  constructor(environment: RegistryEnvironment) {
    this.state = new RegistryState(environment);
    this.things = new Things(this.state);
    this.thingTypes = new ThingTypes(this.state);
    this.thingGroups = new ThingGroups(this.state);
    this.authorizers = new Authorizers(this.state);
    this.billingGroups = new BillingGroups(this.state);
    this.caCertificates = new CaCertificates(this.state);
    this.certificates = new Certificates(this.state, this.caCertificates);
    this.domainConfigurations = new DomainConfigurations(this.state, this.authorizers);
    this.policies = new Policies(this.state);
    this.thingPrincipals = new ThingPrincipals(this.state, this.things);
    this.roleAliases = new RoleAliases(this.state);
    this.templates = new ProvisioningTemplates(this.state);
    this.tags = new Tags(this.state);
  }
}
