import type { AuthorizerConfig, CreateDomainConfigurationRequest } from '@aws-sdk/client-iot';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import { DOMAIN_CONFIGURATION_PATTERN, DOMAIN_DELETION_WAIT, MAX_DOMAIN_CONFIGURATIONS } from '../limits.ts';
import type { Authorizers } from './authorizers.ts';
import type { DomainConfigurationRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireName, requireOneOf } from './validation.ts';

export interface DomainConfigurationUpdate {
  readonly domainConfigurationName: string | undefined;
  readonly authorizerConfig?: AuthorizerConfig | undefined;
  readonly removeAuthorizerConfig?: boolean | undefined;
  readonly domainConfigurationStatus?: string | undefined;
}

/** Settings that change how clients are served, and are not built: refused by name. */
const NOT_BUILT = [
  'domainName',
  'serverCertificateArns',
  'validationCertificateArn',
  'tlsConfig',
  'serverCertificateConfig',
  'authenticationType',
  'applicationProtocol',
  'clientCertificateConfig',
] as const;

/** Under this name the server's certificate is good for every host. */
const PARENT_DOMAIN = 'iot.localhost';

/**
 * Further endpoints with authorizers of their own, on domains that the cloud manages (developer guide,
 * `iot-custom-endpoints-configurable-aws`). Customers' own domains need server certificates of theirs and are not built.
 */
export class DomainConfigurations {
  readonly #state: RegistryState;
  readonly #authorizers: Authorizers;

  constructor(state: RegistryState, authorizers: Authorizers) {
    this.#state = state;
    this.#authorizers = authorizers;
  }

  get(name: string | undefined): DomainConfigurationRecord {
    requireName('domainConfigurationName', name, DOMAIN_CONFIGURATION_PATTERN);
    if (name.startsWith('iot:')) throw new NotImplementedError(`the domain configuration ${name}`);
    const found = this.#state.domainConfigurations.get(name);
    if (found === undefined) throw resourceNotFound(`Domain configuration ${name} not found.`);
    return found;
  }

  /** The configuration of the server name that a client asked for. */
  ofServerName(serverName: string | undefined): DomainConfigurationRecord | undefined {
    if (serverName === undefined || !serverName.endsWith(PARENT_DOMAIN)) return undefined;
    for (const found of this.#state.domainConfigurations.values()) if (found.domainName === serverName) return found;
    return undefined;
  }

  create(input: CreateDomainConfigurationRequest): DomainConfigurationRecord {
    const { domainConfigurationName: name } = input;
    requireName('domainConfigurationName', name, DOMAIN_CONFIGURATION_PATTERN);
    // "Domain configuration names that start with IoT: are reserved for default endpoints."
    if (name.toLowerCase().startsWith('iot:')) throw invalidRequest(`Domain configuration name ${name} is reserved`);
    refuseNotBuilt(input);
    if (input.serviceType !== undefined) requireOneOf('serviceType', input.serviceType, ['DATA']);
    const authorizer = this.#readAuthorizer(input.authorizerConfig);
    const existing = this.#state.domainConfigurations.get(name);
    if (existing !== undefined) {
      throw resourceAlreadyExists(`Domain configuration ${name} already exists.`, this.arnOf(existing), name);
    }
    if (this.#state.domainConfigurations.size >= MAX_DOMAIN_CONFIGURATIONS) {
      throw limitExceeded(`An account can have at most ${MAX_DOMAIN_CONFIGURATIONS} domain configurations`);
    }
    const random = this.#state.environment.entropy.bytes(10).toString('hex');
    const made: DomainConfigurationRecord = {
      name,
      id: random.slice(0, 5),
      domainName: `d${random.slice(5)}.${PARENT_DOMAIN}`,
      status: 'ENABLED',
      ...(authorizer === undefined ? {} : { authorizer }),
      lastStatusChangeDate: this.#state.now(),
    };
    this.#state.domainConfigurations.put(name, made);
    return made;
  }

  update(input: DomainConfigurationUpdate): DomainConfigurationRecord {
    const { authorizer: before, ...record } = this.get(input.domainConfigurationName);
    refuseNotBuilt(input);
    const { domainConfigurationStatus: status, removeAuthorizerConfig } = input;
    if (status !== undefined) requireOneOf('domainConfigurationStatus', status, ['ENABLED', 'DISABLED']);
    const given = this.#readAuthorizer(input.authorizerConfig);
    const remove = removeAuthorizerConfig === true;
    if (remove && given !== undefined) {
      throw invalidRequest('authorizerConfig cannot be given together with removeAuthorizerConfig');
    }
    const authorizer = remove ? undefined : (given ?? before);
    const changed = status !== undefined && status !== record.status;
    const updated: DomainConfigurationRecord = {
      ...record,
      ...(authorizer === undefined ? {} : { authorizer }),
      ...(changed ? { status: status === 'ENABLED' ? 'ENABLED' : 'DISABLED' } : {}),
      ...(changed ? { lastStatusChangeDate: this.#state.now() } : {}),
    };
    this.#state.domainConfigurations.put(updated.name, updated);
    return updated;
  }

  /** "You must place AWS-managed domains in DISABLED status for 7 days before you can delete them." */
  delete(name: string | undefined): void {
    const found = this.get(name);
    if (found.status === 'ENABLED') {
      throw invalidRequest(`Domain configuration ${found.name} must be disabled before deletion`);
    }
    if (this.#state.now() - found.lastStatusChangeDate < DOMAIN_DELETION_WAIT) {
      throw invalidRequest(`Domain configuration ${found.name} must be disabled for 7 days before deletion`);
    }
    this.#state.domainConfigurations.delete(found.name);
    this.#state.tags.delete(this.arnOf(found));
  }

  arnOf({ name, id }: Pick<DomainConfigurationRecord, 'name' | 'id'>): string {
    return this.#state.arn('domainconfiguration', `${name}/${id}`);
  }

  /** "This value is required if a value for defaultAuthorizerName is specified" (allowAuthorizerOverride). */
  #readAuthorizer(config: AuthorizerConfig | undefined): DomainConfigurationRecord['authorizer'] {
    if (config?.defaultAuthorizerName === undefined) {
      if (config?.allowAuthorizerOverride !== undefined) throw invalidRequest('defaultAuthorizerName must not be null');
      return undefined;
    }
    if (config.allowAuthorizerOverride === undefined) throw invalidRequest('allowAuthorizerOverride must not be null');
    const { name } = this.#authorizers.get(config.defaultAuthorizerName);
    return { name, allowOverride: config.allowAuthorizerOverride };
  }
}

function refuseNotBuilt(input: object): void {
  const given = input as Readonly<Record<string, unknown>>;
  for (const member of NOT_BUILT) {
    const value = given[member];
    if (value === undefined || value === 'DEFAULT' || (Array.isArray(value) && value.length === 0)) continue;
    throw new NotImplementedError(`${member} of a domain configuration`);
  }
}

/** A disabled domain takes no client: "devices connected to that domain receive an authentication error". */
export function refusesClients(found: DomainConfigurationRecord | undefined): boolean {
  return found?.status === 'DISABLED';
}
